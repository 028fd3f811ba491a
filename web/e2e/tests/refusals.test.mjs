// Pages about what was refused: where they lead, for strangers and for whoever is signed in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { person, signIn } from "../harness/people.mjs";
import { visitor } from "../harness/world.mjs";

const PLAIN = { javaScriptEnabled: false };

test("whoever is signed in is led to their account, others to signing in", async (t) => {
  const page = await visitor(t, PLAIN);
  for (const path of ["/nowhere", "/ui/nowhere"]) {
    await page.goto(path);
    await page.getByRole("link", { name: "Go to sign in" }).waitFor();
  }
  await signIn(page, await person());
  for (const path of ["/nowhere", "/ui/nowhere", "/ui/verify-email"]) {
    await page.goto(path);
    await page.getByRole("link", { name: "Go to your account" }).click();
    assert.equal(new URL(page.url()).pathname, "/ui/account");
  }
});

test("a form that is not accepted leads back to its page, which works", async (t) => {
  const page = await visitor(t, PLAIN);
  await signIn(page, await person(), { path: "/ui/account/profile" });
  await page.context().clearCookies({ name: "__Host-portcullis_form" });
  await page.getByLabel("Name").fill("Ada");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "That did not work" }).waitFor();
  await page.getByText("nothing was changed").waitFor();
  await page.getByRole("link", { name: "Open the page again" }).click();
  await page.getByLabel("Name").fill("Ada");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Your profile is saved.").waitFor();
});
