// A device with passkeys, as Chromium pretends to have one: it checks its user, who always says yes.

/** Gives the page one; the answer is what takes it away again, with all its keys. */
export async function withAuthenticator(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    /** Whether its user shows that they are there and who they are. */
    user: (isUserVerified) => session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    /** How many keys it has. */
    keys: async () => (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length,
  };
}
