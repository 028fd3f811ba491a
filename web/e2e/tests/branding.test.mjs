// Pages in the look of a tenant: still accessible, still nothing from elsewhere, and what was asked for is seen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { Gate } from "../harness/gate.mjs";
import { assertAccessible, assertFits } from "../harness/looks.mjs";
import { address } from "../harness/people.mjs";
import { register } from "../harness/sign-in.mjs";
import { tryOut, wear } from "../harness/theme.mjs";
import { NARROW, WIDE, visitor } from "../harness/world.mjs";
import { everyPage } from "../pages.mjs";

let gate;
before(async () => {
  gate = await Gate.start();
  await wear(gate);
});
after(() => gate?.stop());

for (const [size, viewport, colorScheme, locale] of [
  ["narrow and light", NARROW, "light", "en-GB"],
  ["wide and dark", WIDE, "dark", "de-DE"],
]) {
  test(`every page is accessible in a tenant's look: ${size}`, async (t) => {
    const email = address();
    await register(gate, email);
    const someone = () => visitor(t, { gate, viewport, colorScheme, locale });
    await everyPage({ gate, visitor: someone, email }, async (_, page) => {
      await assertAccessible(page);
      await assertFits(page);
    });
  });
}

test("colours, logo, words and links are the tenant's", async (t) => {
  for (const [colorScheme, accent, file] of [
    ["light", "rgb(138, 44, 13)", "/ui/branding/logo-"],
    ["dark", "rgb(255, 184, 107)", "/ui/branding/logo_dark-"],
  ]) {
    const page = await visitor(t, { gate, colorScheme });
    await page.goto("/ui/login");
    assert.equal(await page.title(), "Welcome back – Saffron & Sons");
    const button = page.locator("main button:not([type=button])").first();
    assert.equal(await button.evaluate((e) => getComputedStyle(e).backgroundColor), accent);
    assert.equal(await page.locator(".card").evaluate((e) => getComputedStyle(e).borderTopWidth), "4px");
    const logo = page.getByRole("img", { name: "Saffron & Sons" });
    const { source, width } = await logo.evaluate((e) => ({ source: e.currentSrc, width: e.naturalWidth }));
    assert.ok(source.includes(file) && width === 180, source);
    assert.equal(await page.getByRole("link", { name: "Terms of use" }).getAttribute("href"), "https://saffron.example/terms");
  }
});

test("a look that is tried out is seen, and nothing on it works", async (t) => {
  const url = await tryOut(gate, { colors: { light: { accent: "#00565b" } } });
  const page = await visitor(t, { gate, colorScheme: "light", expected: /: Blocked / });
  await page.goto(url);
  const button = page.locator("main button:not([type=button])").first();
  assert.equal(await button.evaluate((e) => getComputedStyle(e).backgroundColor), "rgb(0, 86, 91)");
  const logo = page.getByRole("img", { name: "Saffron & Sons" });
  assert.equal(await logo.evaluate((e) => e.naturalWidth), 180, "images are those of the live pages");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("textbox").fill("ada@example.com");
  // The browser says that it has sent nothing, once it has decided so.
  const blocked = page.waitForEvent("console", (message) => message.text().startsWith("Blocked form submission"));
  await button.click();
  await blocked;
  assert.deepEqual([page.url(), asked], [url, []]);
  await follow(page.getByRole("link", { name: "Deutsch" }));
  await page.getByText("Das ist eine Vorschau.").waitFor();
  assert.deepEqual(await page.context().cookies(), []);
});
