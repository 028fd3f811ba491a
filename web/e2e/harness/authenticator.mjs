// A device with passkeys, as Chromium pretends to have one: it checks its user, who always says yes.

/**
 * Gives the page one. `offers`: the browser offers its keys where a name is typed, and as its user always says yes,
 * they are signed in by that alone.
 */
export async function withAuthenticator(page, { offers = false } = {}) {
  if (!offers) {
    await page.addInitScript(() => {
      window.PublicKeyCredential.isConditionalMediationAvailable = async () => false;
    });
  }
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
