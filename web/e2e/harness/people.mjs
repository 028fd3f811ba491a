// People to be, and signing in as them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { sharedGate } from "./world.mjs";

/** Good enough for every policy. */
export const PASSWORD = "Correct-Horse-7-Battery";

/** An address that nobody else has. */
export const address = (name = "ada") => `${name}.${randomUUID().slice(0, 8)}@example.com`;

/** Makes an account by the API; returns its address. The mail that asks to verify it is on its way. */
export async function person(name) {
  const [gate, email] = [await sharedGate(), address(name)];
  const answer = await gate.call("POST", "/api/v1/auth/register", { email, password: PASSWORD });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return email;
}

/** Fills in the two steps of signing in, from wherever the page is. */
export async function giveCredentials(page, login, password = PASSWORD) {
  await page.getByLabel("E-mail address or user name").fill(login);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Signs in, and is where `path` leads. */
export async function signIn(page, login, { password = PASSWORD, path = "/ui/account" } = {}) {
  await page.goto(path);
  await giveCredentials(page, login, password);
  await page.waitForURL((url) => url.pathname === path);
}

/** What the page says after a change. */
export const notice = (page) => page.getByRole("status").innerText();
