// What a tenant asks of people by its schema of attributes: fields that everybody can fill in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { ADMIN, Gate } from "../harness/gate.mjs";
import { assertAccessible, assertFits } from "../harness/looks.mjs";
import { PASSWORD, address } from "../harness/people.mjs";
import { fillCredentials } from "../harness/sign-in.mjs";
import { NARROW, visitor } from "../harness/world.mjs";

const SCHEMA = {
  type: "object",
  required: ["grade", "plan", "terms", "born on"],
  properties: {
    grade: { type: "integer", minimum: 1, maximum: 12, title: "Grade", description: "As your school says." },
    plan: { enum: ["free", "paid"], title: "Plan", description: "It can be changed later." },
    terms: { const: true, title: "I agree to the rules of the house" },
    "born on": { type: "string", format: "date", title: "Born on" },
    site: { type: "string", format: "uri", title: "Web site" },
  },
};

let gate;

before(async () => {
  gate = await Gate.start();
  const login = await gate.call("POST", "/api/v1/auth/login", ADMIN);
  const bearer = { authorization: `Bearer ${login.body.access_token}` };
  const set = await gate.call("PUT", "/api/v1/admin/attributes-schema", SCHEMA, bearer);
  assert.equal(set.status, 200);
});

after(() => gate?.stop());

for (const colorScheme of ["light", "dark"]) {
  test(`signing up asks for what is required, without scripts: ${colorScheme}`, async (t) => {
    const [page, email] = [await visitor(t, { gate, colorScheme, viewport: NARROW, javaScriptEnabled: false }), address()];
    const look = () => assertFits(page);
    await page.goto("/ui/signup");
    await look();
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Grade").fill("13");
    await page.getByLabel("Plan").selectOption("paid");
    await page.getByLabel("Born on").fill("2001-02-03");
    await page.getByLabel("I agree").check();
    await page.locator("#password").fill(PASSWORD);
    await follow(page.getByRole("button", { name: "Create account" }));
    await look();
    assert.equal(await page.getByLabel("Grade").inputValue(), "13", "what was typed is kept");
    assert.equal(await page.getByLabel("Grade").getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByLabel("Plan").inputValue(), "paid");
    await page.getByLabel("Grade").fill("7");
    await page.locator("#password").fill(PASSWORD);
    await follow(page.getByRole("button", { name: "Create account" }));
    assert.equal(new URL(page.url()).pathname, "/ui/verify-email");
    await page.goto("/ui/account/profile");
    await fillCredentials(page, email);
    assert.equal(await page.getByLabel("Born on").inputValue(), "2001-02-03");
    assert.equal(await page.getByLabel("Plan").inputValue(), "paid");
    await look();
  });
}

for (const [colorScheme, locale] of [["light", "en-GB"], ["dark", "de-DE"]]) {
  test(`the fields are accessible, empty and wrong: ${colorScheme}`, async (t) => {
    const page = await visitor(t, { gate, colorScheme, locale, viewport: NARROW });
    await page.goto("/ui/signup");
    await assertAccessible(page);
    await follow(page.locator("main form button:not([type=button])"));
    assert.equal(await page.locator("[aria-invalid=true]").count(), 5);
    await page.getByRole("alert").locator("a[href='#attribute-born+on']").click();
    assert.equal(await page.evaluate(() => document.activeElement.id), "attribute-born+on");
    await assertAccessible(page);
    await assertFits(page);
  });
}
