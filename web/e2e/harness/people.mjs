// People to be, and signing in as them.

import { randomUUID } from "node:crypto";

import { ADMIN } from "./gate.mjs";
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

/** Makes an account whose address is verified; returns its address. Nothing is mailed. */
export async function member(name) {
  const [gate, email] = [await sharedGate(), address(name)];
  const { body } = await gate.call("POST", "/api/v1/auth/login", ADMIN);
  const headers = { authorization: `Bearer ${body.access_token}` };
  const made = await gate.call("POST", "/api/v1/admin/users", { email, password: PASSWORD }, headers);
  if (made.status !== 201) throw new Error(JSON.stringify(made));
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
