// Signing up where the tenant asks for proof of work: the script of the page does it, where the browser can.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { ADMIN, Gate } from "../harness/gate.mjs";
import { PASSWORD } from "../harness/people.mjs";
import { visitor } from "../harness/world.mjs";

/** A gate whose tenant asks for work, of which any browser makes short work. */
async function asking(t) {
  const gate = await Gate.start();
  t.after(() => gate.stop());
  const login = await gate.call("POST", "/api/v1/auth/login", ADMIN);
  const bearer = { authorization: `Bearer ${login.body.access_token}` };
  const set = await gate.call("PATCH", "/api/v1/admin/settings", { signup_work: 8 }, bearer);
  assert.equal(set.status, 200, JSON.stringify(set.body));
  return gate;
}

async function signUp(page) {
  await page.goto("/ui/signup");
  await page.locator("#email").fill("ada@example.com");
  await page.locator("#password").fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Create account" }));
}

test("the work is done while the form is filled in", async (t) => {
  const page = await visitor(t, { gate: await asking(t) });
  await signUp(page);
  assert.equal(new URL(page.url()).pathname, "/ui/verify-email");
});

// As over http: browsers hash where the connection is secure.
test("a browser that cannot do the work sends the form all the same, and is told what it takes", async (t) => {
  const page = await visitor(t, { gate: await asking(t) });
  await page.addInitScript(() => delete Crypto.prototype.subtle);
  await signUp(page);
  assert.equal(await page.evaluate(() => crypto.subtle), undefined);
  assert.match(await page.getByRole("alert").innerText(), /puzzle .* has not been solved.*JavaScript.*https/);
  assert.equal(await page.locator("#email").inputValue(), "ada@example.com");
});

test("without scripts the page says beforehand what it takes", async (t) => {
  const page = await visitor(t, { gate: await asking(t), javaScriptEnabled: false });
  await page.goto("/ui/signup");
  await page.getByText("which needs JavaScript").waitFor();
});
