// People to be, and signing in as them.

import { randomUUID } from "node:crypto";

import { PASSWORD, fillCredentials, register } from "./sign-in.mjs";
import { sharedGate } from "./world.mjs";

export { PASSWORD };

/** An address that nobody else has. */
export const address = (name = "ada") => `${name}.${randomUUID().slice(0, 8)}@example.com`;

/** Makes an account by the API; returns its address. The mail that asks to verify it is on its way. */
export async function person(name) {
  const email = address(name);
  await register(await sharedGate(), email);
  return email;
}

/** Signs in, and is where `path` leads. */
export async function signIn(page, login, { password = PASSWORD, path = "/ui/account" } = {}) {
  await page.goto(path);
  await fillCredentials(page, login, password);
  await page.waitForURL((url) => url.pathname === path);
}

/** What the page says after a change. */
export const notice = (page) => page.getByRole("status").innerText();
