// Signing up, and what mails lead to: from the page to the mail to the page, without scripts.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { ADMIN } from "../harness/gate.mjs";
import { PASSWORD, address, notice, person, signIn } from "../harness/people.mjs";
import { sharedGate, visitor } from "../harness/world.mjs";

const PLAIN = { javaScriptEnabled: false };
const WANTED = "Another-Horse-8-Battery";

async function signUp(page, email, password = PASSWORD) {
  await page.goto("/ui/login");
  await follow(page.getByRole("link", { name: "Create an account" }));
  await page.getByLabel("Your name").fill("Ada");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await follow(page.getByRole("button", { name: "Create account" }));
}

test("somebody signs up, confirms the address by the link, signs in, and is in their account", async (t) => {
  const [gate, email] = [await sharedGate(), address()];
  const page = await visitor(t, PLAIN);
  await signUp(page, email, "short");
  assert.equal(await page.getByLabel("Password", { exact: true }).getAttribute("aria-invalid"), "true");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Create account" }));
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  const mail = await gate.outbox.mail(email);
  await page.goto(mail.link);
  await follow(page.getByRole("button", { name: "Confirm" }));
  assert.equal(await notice(page), "Your e-mail address is confirmed.");
  assert.equal(await page.getByLabel("E-mail address or user name").inputValue(), email, "not to be typed again");
  await signIn(page, email);
  await page.getByText("You are signed in as Ada.").waitFor();
  // The link works once.
  const later = await visitor(t, PLAIN);
  await later.goto(mail.link);
  assert.match(await later.getByRole("alert").innerText(), /does not work any more/);
});

test("an address is confirmed by the code, with spaces", async (t) => {
  const [gate, email] = [await sharedGate(), address()];
  const page = await visitor(t, PLAIN);
  await signUp(page, email);
  const { code } = await gate.outbox.mail(email);
  await page.getByLabel("Six-digit code").fill("12");
  await follow(page.getByRole("button", { name: "Confirm" }));
  assert.equal(await page.getByLabel("Six-digit code").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Six-digit code").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
  await follow(page.getByRole("button", { name: "Confirm" }));
  assert.equal(await notice(page), "Your e-mail address is confirmed.");
});

test("another mail is asked for: what was typed is kept, and the page can be read in another language", async (t) => {
  const page = await visitor(t, PLAIN);
  await page.goto("/ui/verify-email");
  await page.getByLabel("E-mail address").fill("nonsense");
  await follow(page.getByRole("button", { name: "Send a new mail" }));
  assert.equal(await page.getByLabel("E-mail address").inputValue(), "nonsense");
  await follow(page.getByRole("link", { name: "Deutsch" }));
  assert.equal(new URL(page.url()).pathname, "/ui/verify-email");
});

test("signing up with an address that is taken looks the same, and tells its owner", async (t) => {
  const [gate, email] = [await sharedGate(), await person()];
  await gate.outbox.mail(email);
  const page = await visitor(t, PLAIN);
  await signUp(page, email, WANTED);
  await page.getByRole("heading", { name: "Check your mail" }).waitFor();
  assert.match((await gate.outbox.mail(email)).text, /already/i);
});

test("a forgotten password is chosen anew, and the session of whoever knew the old one ends", async (t) => {
  const [gate, email] = [await sharedGate(), await person()];
  await gate.outbox.mail(email);
  const elsewhere = await visitor(t, PLAIN);
  await signIn(elsewhere, email);
  const page = await visitor(t, PLAIN);
  await page.goto("/ui/reset-password");
  await page.getByLabel("E-mail address").fill(email);
  await follow(page.getByRole("button", { name: "Send the link" }));
  await page.goto((await gate.outbox.mail(email, /\/ui\/reset-password/)).link);
  assert.equal(await page.locator("input[autocomplete=username]").inputValue(), email, "for password managers");
  await page.getByLabel("New password").fill(WANTED);
  await follow(page.getByRole("button", { name: "Save password" }));
  assert.equal(await notice(page), "Your password is saved. Please sign in with it.");
  await elsewhere.goto("/ui/account");
  assert.equal(new URL(elsewhere.url()).pathname, "/ui/login");
  await signIn(page, email, { password: WANTED });
});

test("a new address is confirmed by its mail", async (t) => {
  const [gate, email, wanted] = [await sharedGate(), await person(), address("grace")];
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/email" });
  await page.getByLabel("New e-mail address").fill(wanted);
  await page.getByLabel("Current password").fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Send mail" }));
  await page.goto((await gate.outbox.mail(wanted)).link);
  await follow(page.getByRole("button", { name: "Confirm" }));
  assert.equal(await notice(page), "Your new e-mail address is confirmed.");
  const later = await visitor(t, PLAIN);
  await signIn(later, wanted);
});

test("who is invited chooses a password and signs in", async (t) => {
  const [gate, email] = [await sharedGate(), address()];
  const login = await gate.call("POST", "/api/v1/auth/login", ADMIN);
  const bearer = { authorization: `Bearer ${login.body.access_token}` };
  const invited = await gate.call("POST", "/api/v1/admin/users", { email, invite: true }, bearer);
  assert.equal(invited.status, 201, JSON.stringify(invited.body));
  const page = await visitor(t, PLAIN);
  await page.goto((await gate.outbox.mail(email)).link);
  await page.getByRole("heading", { name: /^Welcome/ }).waitFor();
  await page.getByLabel("New password").fill("short");
  await follow(page.getByRole("button", { name: "Save password" }));
  // The invitation is not lost on the way to another language.
  await follow(page.getByRole("link", { name: "Deutsch" }));
  await follow(page.getByRole("link", { name: "English" }));
  await page.getByLabel("New password").fill(WANTED);
  await follow(page.getByRole("button", { name: "Save password" }));
  await signIn(page, email, { password: WANTED });
});

test("a link that works no more leads on, and leaves no field to be filled in for nothing", async (t) => {
  const email = await person();
  const page = await visitor(t, PLAIN);
  await page.goto("/ui/login");
  await page.getByLabel("E-mail address or user name").fill(email);
  await follow(page.getByRole("button", { name: "Continue" }));
  await follow(page.getByRole("link", { name: "Forgot your password?" }));
  assert.equal(await page.getByLabel("E-mail address").inputValue(), email, "what was typed is there");

  await page.goto("/ui/reset-password?token=old");
  assert.match(await page.getByRole("alert").innerText(), /does not work any more/);
  assert.equal(await page.locator("input[type=password]").count(), 0);
  await page.getByRole("button", { name: "Send the link" }).waitFor();

  await page.goto("/ui/invitation?token=old");
  await page.getByText("ask whoever invited you").waitFor();
  assert.equal(await page.locator("main input").count(), 0);
  await page.getByRole("link", { name: "Sign in" }).waitFor();

  await page.goto("/ui/verify-email?token=old");
  assert.match(await page.getByRole("alert").innerText(), /does not work any more/);
  await page.getByRole("button", { name: "Send a new mail" }).waitFor();

  for (const address of ["/ui/change-email?token=old", "/ui/change-email"]) {
    await page.goto(address);
    assert.match(await page.getByRole("alert").innerText(), /does not work any more/);
    assert.equal(await page.getByRole("button", { name: "Confirm" }).count(), 0);
    await page.getByRole("link", { name: "Go to your account" }).waitFor();
  }
});
