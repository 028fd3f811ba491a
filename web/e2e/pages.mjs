// Every page, for those who look at all of them: the photographs and the scans.

import { follow } from "./harness/follow.mjs";
import { ADMIN } from "./harness/gate.mjs";
import { PASSWORD, fillCredentials } from "./harness/sign-in.mjs";
import { totp } from "./harness/totp.mjs";

const STRANGERS = {
  greeting: "/",
  errors: "/problems",
  error: "/problems/credentials.invalid",
  "sign-in": "/ui/login",
  "sign-up": "/ui/signup",
  "reset-password": "/ui/reset-password",
  "verify-email": "/ui/verify-email",
  "mail-link-dead": "/ui/reset-password?token=old",
  "verify-link-dead": "/ui/verify-email?token=old",
  "invitation-dead": "/ui/invitation?token=old",
  "new-address-dead": "/ui/change-email?token=old",
  "not-found": "/ui/nowhere",
};

const OWNERS = {
  account: "/ui/account",
  profile: "/ui/account/profile",
  email: "/ui/account/email",
  password: "/ui/account/password",
  factors: "/ui/account/factors",
  "factor-phone": "/ui/account/factors/phone",
  "step-up": "/ui/step-up?max_age=0",
  passkeys: "/ui/account/passkeys",
  "passkey-new": "/ui/account/passkeys/new",
  sessions: "/ui/account/sessions",
  "sessions-others": "/ui/account/sessions/others",
  devices: "/ui/account/devices",
  "api-keys-none": "/ui/account/api-keys",
  "api-key-new": "/ui/account/api-keys/new",
  privacy: "/ui/account/privacy",
  leave: "/ui/account/privacy/delete",
  "sign-out": "/ui/logout",
};

/** The button that sends the form in the main part of a page, whatever the language. */
const send = (page) => follow(page.locator("main form button:not([type=button])").first());

/** What mails to a person lead to: pages of links that work. */
async function mailed(gate, email) {
  const answer = async (call) => {
    const { status, body } = await call;
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body;
  };
  const post = (path, body, token) =>
    answer(gate.call("POST", `/api/v1/${path}`, body, token ? { authorization: `Bearer ${token}` } : {}));
  const signIn = async (login) => (await post("auth/login", login)).access_token;
  const [invited, wanted] = [`new.${email}`, `other.${email}`];
  const verify = await gate.outbox.mail(email, /\/ui\/verify-email/);
  await post("auth/password-reset", { email });
  await post("admin/users", { email: invited, invite: true }, await signIn(ADMIN));
  const token = await signIn({ email, password: PASSWORD });
  await post("auth/change-email", { new_email: wanted, current_password: PASSWORD }, token);
  return {
    "verify-link": verify.link,
    "mail-link": (await gate.outbox.mail(email, /\/ui\/reset-password/)).link,
    invitation: (await gate.outbox.mail(invited)).link,
    "new-address": (await gate.outbox.mail(wanted)).link,
  };
}

/**
 * Brings up one page of a gate after the other and calls `look(name, page)` for each. `visitor` makes a context in
 * the browser: somebody new. `email` is a person who has just registered, and who has neither API keys nor second
 * factors, and has both afterwards.
 */
export async function everyPage({ gate, visitor, email }, look) {
  const stranger = await visitor();
  const links = await mailed(gate, email);
  for (const [name, link] of Object.entries(links)) {
    await stranger.goto(link);
    await look(name, stranger);
  }
  // Factors are for those whose address is verified.
  const token = new URL(links["verify-link"]).searchParams.get("token");
  await gate.call("POST", "/api/v1/auth/verify-email", { token });
  for (const [name, path] of Object.entries(STRANGERS)) {
    await stranger.goto(path);
    await look(name, stranger);
  }
  await stranger.goto("/ui/login");
  await send(stranger);
  await look("sign-in-wrong", stranger);
  await stranger.locator("#login").fill(email);
  await send(stranger);
  await look("sign-in-password", stranger);
  await stranger.locator("#password").fill("Wrong-Horse-7-Battery");
  await send(stranger);
  await look("sign-in-refused", stranger);

  await stranger.goto("/ui/signup");
  await send(stranger);
  await look("sign-up-wrong", stranger);

  const owner = await visitor();
  await owner.goto("/ui/account");
  await fillCredentials(owner, email, PASSWORD);
  for (const [name, path] of Object.entries(OWNERS)) {
    await owner.goto(path);
    await look(name, owner);
  }
  await owner.goto("/ui/account/password");
  await send(owner);
  await look("password-wrong", owner);
  await owner.goto("/ui/account/devices");
  await owner.locator("summary").first().click();
  await look("device-name", owner);
  await owner.goto("/ui/account/email");
  await send(owner);
  await look("email-wrong", owner);
  await owner.goto("/ui/account/api-keys/new");
  await owner.locator("summary").click();
  await look("api-key-narrowed", owner);
  await owner.locator("#name").fill("Nightly build");
  await send(owner);
  await look("api-key-made", owner);
  await owner.goto("/ui/account/api-keys");
  await look("api-keys", owner);
  await follow(owner.locator("a[href$='/rotate']").first());
  await look("api-key-rotate", owner);
  await owner.goto("/ui/account/api-keys");
  await follow(owner.locator("a[href$='/revoke']").first());
  await look("api-key-revoke", owner);
  await owner.goto("/ui/account/factors/app");
  await send(owner);
  await look("factor-app", owner);
  const key = await owner.locator(".secret").innerText();
  await owner.locator("#code").fill(totp(key));
  await send(owner);
  await look("backup-codes", owner);
  const again = await visitor();
  await again.goto("/ui/account");
  await fillCredentials(again, email, PASSWORD);
  await look("second-step", again);
  await again.locator("#code").fill("000000");
  await send(again);
  await look("second-step-wrong", again);
  await again.goto("/ui/mfa?method=backup_code");
  await look("second-step-backup", again);
}
