// Every page, for those who look at all of them: the photographs and the scans.

import { follow } from "./harness/follow.mjs";
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
  "mail-link": "/ui/reset-password?token=old",
  invitation: "/ui/invitation?token=old",
  "invitation-dead": "/ui/invitation",
  "new-address": "/ui/change-email?token=old",
  "new-address-dead": "/ui/change-email",
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

/**
 * Brings up one page after the other and calls `look(name, page)` for each. `visitor` makes a context in
 * the browser: somebody new. `email` is a person who has neither API keys nor second factors, and has both afterwards.
 */
export async function everyPage(visitor, email, look) {
  const stranger = await visitor();
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
