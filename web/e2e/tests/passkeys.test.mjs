// Passkeys, with a device that Chromium pretends to have.

import assert from "node:assert/strict";
import { test } from "node:test";

import { withAuthenticator } from "../harness/authenticator.mjs";
import { follow } from "../harness/follow.mjs";
import { member, notice, signIn } from "../harness/people.mjs";
import { fillCredentials } from "../harness/sign-in.mjs";
import { totp } from "../harness/totp.mjs";
import { visitor } from "../harness/world.mjs";

/** Adds a passkey in the account, from its list. */
async function add(page, name) {
  await follow(page.getByRole("link", { name: "Add a passkey" }));
  assert.equal(await page.getByLabel("Name").inputValue(), "Chrome on Linux");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("status").waitFor();
}

async function signOut(page) {
  await page.goto("/ui/logout");
  await follow(page.getByRole("button", { name: "Sign out" }));
  await page.getByRole("status").waitFor();
}

/** Signs in with a passkey, from wherever the page is. */
async function byPasskey(page, path) {
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForURL((url) => url.pathname === path);
}

test("a passkey is added, signs its owner in, is named and removed", async (t) => {
  const page = await visitor(t);
  const device = await withAuthenticator(page);
  await signIn(page, await member(), { path: "/ui/account/passkeys" });
  await page.getByText("You have no passkeys yet.").waitFor();
  await add(page, "My <phone>");
  assert.match(await notice(page), /Your passkey is ready/);
  assert.equal(await device.keys(), 1);
  await page.getByText("never used").waitFor();

  await signOut(page);
  await page.goto("/ui/account/passkeys");
  await byPasskey(page, "/ui/account/passkeys");
  await page.getByText("last used just now").waitFor();
  const listed = page.getByRole("listitem").filter({ hasText: "My <phone>" });
  await listed.getByText("Rename").click();
  await listed.getByLabel("Name").fill("");
  await follow(listed.getByRole("button", { name: "Save" }));
  assert.equal(await page.locator("[aria-invalid=true]").count(), 1);
  await page.getByLabel("Name").fill("Old phone");
  await follow(page.getByRole("button", { name: "Save" }));
  assert.equal(await notice(page), "The passkey has its name.");
  await follow(page.getByRole("link", { name: "Remove Old phone" }));
  await follow(page.getByRole("button", { name: "Remove" }));
  assert.equal(await notice(page), "The passkey is removed.");
  await page.getByText("You have no passkeys yet.").waitFor();
});

test("browsers offer passkeys by themselves where a name is typed", async (t) => {
  const page = await visitor(t);
  await withAuthenticator(page, { offers: true });
  await signIn(page, await member(), { path: "/ui/account/passkeys" });
  await add(page, "Phone");
  await page.context().clearCookies();
  await page.goto("/ui/account/profile");
  await page.waitForURL((url) => url.pathname === "/ui/account/profile");
  await page.getByRole("link", { name: "Sign out" }).waitFor();
});

test("whoever has a passkey proves it before passkeys are changed", async (t) => {
  const page = await visitor(t);
  await withAuthenticator(page);
  const email = await member();
  await signIn(page, email, { path: "/ui/account/passkeys" });
  await add(page, "First");
  // A password alone is not enough any more.
  await follow(page.getByRole("link", { name: "Add a passkey" }));
  assert.equal(new URL(page.url()).pathname, "/ui/step-up");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL((url) => url.pathname === "/ui/account/passkeys/new");
  // A device that has one makes no second.
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("That did not work. Please try again").waitFor();
});

test("a passkey answers for the second step", async (t) => {
  const page = await visitor(t);
  await withAuthenticator(page);
  const email = await member();
  await signIn(page, email, { path: "/ui/account/passkeys" });
  await add(page, "Phone");
  // What is beside a password asks for what is beside a password.
  await page.goto("/ui/account/factors");
  await follow(page.getByRole("link", { name: "Set up an authenticator app" }));
  await follow(page.locator("main form button"));
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL((url) => url.pathname === "/ui/account/factors/app");
  await follow(page.locator("main form button"));
  await page.locator("#code").fill(totp(await page.locator(".secret").innerText()));
  await follow(page.getByRole("button", { name: /Continue|Confirm/ }));
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
  await signOut(page);
  await page.goto("/ui/account/profile");
  await fillCredentials(page, email);
  await follow(page.getByRole("link", { name: "Use a passkey" }));
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL((url) => url.pathname === "/ui/account/profile");
});

test("a device that refuses is told of, and nothing is added", async (t) => {
  const page = await visitor(t);
  const device = await withAuthenticator(page);
  await signIn(page, await member(), { path: "/ui/account/passkeys" });
  await device.user(false);
  await follow(page.getByRole("link", { name: "Add a passkey" }));
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("That did not work. Please try again").waitFor();
  await page.goto("/ui/account/passkeys");
  await page.getByText("You have no passkeys yet.").waitFor();
});

test("without scripts it is said what a passkey needs", async (t) => {
  const page = await visitor(t, { javaScriptEnabled: false });
  await signIn(page, await member(), { path: "/ui/account/passkeys" });
  await follow(page.getByRole("link", { name: "Add a passkey" }));
  await page.getByText("This needs JavaScript, and a browser that knows passkeys.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
});
