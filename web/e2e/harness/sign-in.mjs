// Signing in, in whatever language: by the fields, not by their labels.

import { follow } from "./follow.mjs";

/** Good enough for every policy. */
export const PASSWORD = "Correct-Horse-7-Battery";

/** Fills in the two steps of signing in, from wherever the page is. */
export async function fillCredentials(page, login, password = PASSWORD) {
  await page.locator("#login").fill(login);
  await follow(page.locator("main button:not([type=button])"));
  await page.locator("#password").fill(password);
  await follow(page.locator("main button:not([type=button])"));
}

/** Makes an account by the API. The mail that asks to verify its address is on its way. */
export async function register(gate, email, password = PASSWORD) {
  const answer = await gate.call("POST", "/api/v1/auth/register", { email, password });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer));
}
