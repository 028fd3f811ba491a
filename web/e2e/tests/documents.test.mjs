// The deployment's own pages: the greeting, the API browser, the catalogue of errors.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { assertAccessible, assertFits } from "../harness/looks.mjs";
import { NARROW, visitor } from "../harness/world.mjs";

test("the greeting leads to the API browser, the errors and the health", async (t) => {
  const page = await visitor(t, { viewport: NARROW, javaScriptEnabled: false });
  for (const [link, leads] of [["The API", "/docs"], ["What error codes mean", "/problems"], ["How this deployment is", "/health"]]) {
    await page.goto("/");
    await follow(page.getByRole("link", { name: link }));
    assert.equal(new URL(page.url()).pathname, leads);
  }
});

test("the greeting and the catalogue of errors are accessible and fit a narrow window", async (t) => {
  const page = await visitor(t, { viewport: NARROW });
  for (const path of ["/", "/problems", "/problems/credentials.invalid"]) {
    assert.equal((await page.goto(path)).status(), 200);
    await assertAccessible(page);
    await assertFits(page);
  }
});

test("the API browser shows what this deployment describes", async (t) => {
  const page = await visitor(t);
  await page.goto("/docs");
  // Of so many operations, those in sight are drawn.
  await page.getByPlaceholder("Filter by tag or path").fill("/auth/login");
  await page.getByRole("button", { name: /POST \/api\/v1\/auth\/login/ }).click();
  await page.getByRole("button", { name: "Try it out" }).waitFor();
});

test("without JavaScript the API browser says where the document is", async (t) => {
  const page = await visitor(t, { javaScriptEnabled: false });
  await page.goto("/docs");
  await follow(page.getByRole("main").getByRole("link", { name: "OpenAPI document" }));
  assert.equal(new URL(page.url()).pathname, "/api/v1/openapi.json");
});
