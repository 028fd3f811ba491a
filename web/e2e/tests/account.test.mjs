// The account of somebody who is signed in, without scripts: what it needs, it needs of the server.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { PASSWORD, address, notice, person, signIn } from "../harness/people.mjs";
import { fillCredentials } from "../harness/sign-in.mjs";
import { sharedGate, visitor } from "../harness/world.mjs";

const PLAIN = { javaScriptEnabled: false };

test("whoever is not signed in comes back to the page after signing in", async (t) => {
  const page = await visitor(t, PLAIN);
  const email = await person();
  await page.goto("/ui/account/sessions");
  assert.equal(new URL(page.url()).pathname, "/ui/login");
  await fillCredentials(page, email);
  assert.equal(new URL(page.url()).pathname, "/ui/account/sessions");
});

test("a profile is changed, and what is wrong is said at its field", async (t) => {
  const page = await visitor(t, PLAIN);
  await signIn(page, await person(), { path: "/ui/account/profile" });
  await page.getByLabel("Name").fill("Ada <Lovelace>");
  await page.getByLabel("Phone").fill("12");
  await follow(page.getByRole("button", { name: "Save" }));
  assert.equal(await page.getByLabel("Phone").getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByLabel("Name").inputValue(), "Ada <Lovelace>", "what was typed is kept");
  await page.getByLabel("Phone").fill("+49 30 123456");
  await follow(page.getByRole("button", { name: "Save" }));
  assert.equal(await notice(page), "Your profile is saved.");
  assert.equal(await page.getByLabel("Phone").inputValue(), "+4930123456");
  await page.reload();
  assert.equal(await page.getByRole("status").count(), 0, "said once");
  await follow(page.getByRole("link", { name: "Overview" }));
  await page.getByText("You are signed in as Ada <Lovelace>.").waitFor();
});

test("a password is changed by whoever knows the old one, and other sessions end", async (t) => {
  const [email, wanted] = [await person(), "Another-Horse-8-Battery"];
  const elsewhere = await visitor(t, PLAIN);
  await signIn(elsewhere, email);
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/password" });
  const change = async (current, next) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password").fill(next);
    await follow(page.getByRole("button", { name: "Change password" }));
  };
  await change("", "");
  assert.deepEqual(await page.getByRole("alert").getByRole("link").allInnerTexts(), [
    "Current password: Please fill in this field.",
    "New password: Please fill in this field.",
  ]);
  await change("Wrong-Horse-7-Battery", wanted);
  assert.match(await page.getByRole("alert").innerText(), /current password is not right/);
  assert.equal(await page.getByLabel("Current password").getAttribute("aria-invalid"), "true");
  await change(PASSWORD, "short");
  assert.equal(await page.getByLabel("New password").getAttribute("aria-invalid"), "true");
  await change(PASSWORD, wanted);
  assert.match(await notice(page), /password is changed/);
  await elsewhere.goto("/ui/account");
  assert.equal(new URL(elsewhere.url()).pathname, "/ui/login");
  const later = await visitor(t, PLAIN);
  await signIn(later, email, { password: wanted });
});

test("sessions are listed and ended, one and all others", async (t) => {
  const email = await person();
  const [page, second, third] = [await visitor(t, PLAIN), await visitor(t, PLAIN), await visitor(t, PLAIN)];
  await signIn(page, email, { path: "/ui/account/sessions" });
  await page.getByText("You are signed in nowhere else.").waitFor();
  await signIn(second, email);
  await page.reload();
  assert.equal(await page.getByRole("listitem").filter({ hasText: "Signed in" }).count(), 2);
  await follow(page.getByRole("button", { name: "End" }));
  assert.equal(await notice(page), "The session has ended.");
  await second.goto("/ui/account");
  assert.equal(new URL(second.url()).pathname, "/ui/login");

  await signIn(third, email);
  await page.reload();
  await follow(page.getByRole("link", { name: "Sign out everywhere else" }));
  await follow(page.getByRole("button", { name: "Sign out everywhere else" }));
  assert.equal(await notice(page), "You are signed out everywhere else.");
  await third.goto("/ui/account");
  assert.equal(new URL(third.url()).pathname, "/ui/login");
});

test("a device is named, and forgotten with its sessions", async (t) => {
  const email = await person();
  const [page, other] = [await visitor(t, PLAIN), await visitor(t, PLAIN)];
  await signIn(other, email);
  await signIn(page, email, { path: "/ui/account/devices" });
  const theirs = page.getByRole("listitem").filter({ hasNotText: "this one" }).filter({ hasText: "First seen" });
  assert.equal(await page.getByRole("textbox").count(), 0, "a list to be read");
  await theirs.getByText("Rename").click();
  await theirs.getByLabel("Name").fill("");
  await follow(theirs.getByRole("button", { name: "Save" }));
  assert.equal(await theirs.getByLabel("Name").getAttribute("aria-invalid"), "true");
  await theirs.getByLabel("Name").fill("Kitchen & co");
  await follow(theirs.getByRole("button", { name: "Save" }));
  assert.equal(await notice(page), "The device has its name.");
  await follow(page.getByRole("link", { name: "Forget Kitchen & co" }));
  await page.getByRole("heading", { name: "Forget “Kitchen & co”?" }).waitFor();
  await follow(page.getByRole("button", { name: "Forget" }));
  assert.match(await notice(page), /is forgotten/);
  await other.goto("/ui/account");
  assert.equal(new URL(other.url()).pathname, "/ui/login");
});

test("an account is deleted by whoever types its address, and a mistake is corrected in place", async (t) => {
  const email = await person();
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/privacy" });
  await follow(page.getByRole("link", { name: "Delete account" }));
  await page.getByRole("textbox").fill(email.slice(1));
  await follow(page.getByRole("button", { name: "Delete my account" }));
  assert.equal(await page.getByRole("textbox").inputValue(), email.slice(1), "what was typed is kept");
  await page.getByRole("textbox").fill(email);
  await follow(page.getByRole("button", { name: "Delete my account" }));
  assert.equal(await notice(page), "Your account is deleted.");
});

test("an API key is made, shown once, replaced and revoked", async (t) => {
  const gate = await sharedGate();
  const works = async (key) => (await gate.call("GET", "/api/v1/me", undefined, { "x-api-key": key })).status;
  const page = await visitor(t, PLAIN);
  await signIn(page, await person(), { path: "/ui/account/api-keys" });
  await page.getByText("You have no API keys.").waitFor();
  await follow(page.getByRole("link", { name: "New API key" }));
  await follow(page.getByRole("button", { name: "Make key" }));
  assert.equal(await page.getByLabel("Name").getAttribute("aria-invalid"), "true");
  await page.getByLabel("Name").fill("Nightly build");
  await page.getByLabel("Valid for").selectOption({ label: "30 days" });
  await page.getByText("Narrow what it may do").click();
  await page.getByLabel("profile:read").check();
  await follow(page.getByRole("button", { name: "Make key" }));
  const first = await page.getByLabel("API key").inputValue();
  assert.match(first, /^pk_/);
  assert.equal(await works(first), 200);
  await page.goto(page.url());
  assert.equal(new URL(page.url()).pathname, "/ui/account/api-keys", "not shown again");
  assert.ok(!(await page.content()).includes(first));
  await page.getByText("profile:read").waitFor();

  await follow(page.getByRole("link", { name: "Replace Nightly build" }));
  await follow(page.getByRole("button", { name: "Replace" }));
  const second = await page.getByLabel("API key").inputValue();
  assert.notEqual(second, first);
  assert.deepEqual([await works(first), await works(second)], [200, 200], "both, for a day");
  await follow(page.getByRole("link", { name: "I have kept it" }));
  const newer = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "Replace" }) });
  await follow(newer.getByRole("link", { name: "Revoke Nightly build" }));
  await follow(page.getByRole("button", { name: "Revoke" }));
  assert.equal(await notice(page), "The key is revoked.");
  assert.equal(await works(second), 401);
});

test("own data are downloaded, without what opens the account", async (t) => {
  const email = await person();
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/privacy" });
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const text = readFileSync(await download.path(), "utf8");
  const data = JSON.parse(text);
  assert.equal(data.account.email, email);
  assert.equal(data.sessions.length, 1);
  assert.equal(data.devices.length, 1);
  assert.doesNotMatch(text, /argon2|hash|secret/);
});

test("days are written as the language of the page writes them", async (t) => {
  const email = await person();
  for (const [locale, since] of [
    ["en-GB", /here since \d+ [A-Z][a-z]+ \d{4}/],
    ["de-DE", /besteht seit dem \d+\. \p{L}+ \d{4}/u],
    ["cs-CZ", /existuje od \d+\. \p{L}+ \d{4}/u],
  ]) {
    const page = await visitor(t, { ...PLAIN, locale });
    await signIn(page, email, { path: "/ui/account/privacy" });
    await page.getByText(since).waitFor();
  }
});

test("an address is changed by a mail to the new one", async (t) => {
  const gate = await sharedGate();
  const [email, wanted] = [await person(), address("grace")];
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/profile" });
  await follow(page.getByRole("link", { name: "Change e-mail address" }));
  await page.getByLabel("New e-mail address").fill("nonsense");
  await page.getByLabel("Current password").fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Send mail" }));
  assert.equal(await page.getByLabel("New e-mail address").getAttribute("aria-invalid"), "true");
  await page.getByLabel("New e-mail address").fill(wanted);
  await page.getByLabel("Current password").fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Send mail" }));
  assert.match(await notice(page), /sent a mail to the new address/);
  assert.match((await gate.outbox.mail(email, /change/i)).text, new RegExp(wanted.replaceAll(".", "\\.")));
  assert.match((await gate.outbox.mail(wanted)).link, /\/ui\/change-email\?token=/);
});
