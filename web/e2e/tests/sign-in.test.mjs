// Signing in: with a keyboard alone, with and without scripts, when it is refused, and what it weighs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { arrive, follow } from "../harness/follow.mjs";
import { PASSWORD, notice, person, signIn } from "../harness/people.mjs";
import { Gate } from "../harness/gate.mjs";
import { fillCredentials, register } from "../harness/sign-in.mjs";
import { visitor } from "../harness/world.mjs";

for (const javaScriptEnabled of [true, false]) {
  test(`somebody signs in and out, ${javaScriptEnabled ? "with" : "without"} scripts`, async (t) => {
    const page = await visitor(t, { javaScriptEnabled });
    await signIn(page, await person());
    await follow(page.getByRole("link", { name: "Sign out" }));
    await follow(page.getByRole("button", { name: "Sign out" }));
    assert.equal(await notice(page), "You are signed out.");
    await page.goto("/ui/account");
    assert.equal(new URL(page.url()).pathname, "/ui/login");
  });
}

test("a keyboard is enough", async (t) => {
  const page = await visitor(t);
  const email = await person();
  await page.goto("/ui/account");
  await page.keyboard.type(email);
  await arrive(page, () => page.keyboard.press("Enter"));
  await page.getByLabel("Password", { exact: true }).waitFor();
  await page.keyboard.type(PASSWORD);
  await arrive(page, () => page.keyboard.press("Enter"));
  assert.equal(new URL(page.url()).pathname, "/ui/account");
});

test("the focus goes through the page in reading order, and nothing keeps it", async (t) => {
  const page = await visitor(t);
  await page.goto("/ui/login");
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll("a[href], button, input:not([type=hidden])")].map((e) => e.outerHTML),
  );
  // Once round, from wherever it begins; the page itself may be one of the stops.
  const round = async (key, first) => {
    const focused = new Set();
    for (let i = 0; i <= shown.length; i++) {
      await page.keyboard.press(key);
      focused.add(await page.evaluate(() => (document.activeElement === document.body ? "" : document.activeElement.outerHTML)));
    }
    const stops = [...focused].filter(Boolean);
    const start = stops.indexOf(first);
    return [...stops.slice(start), ...stops.slice(0, start)];
  };
  assert.deepEqual(await round("Tab", shown[0]), shown);
  const back = shown.toReversed();
  assert.deepEqual(await round("Shift+Tab", back[0]), back);
});

test("a refusal is announced and focused, and tells nobody whether there is such an account", async (t) => {
  const said = [];
  for (const login of [await person(), "nobody@example.com"]) {
    const page = await visitor(t);
    await page.goto("/ui/login");
    await fillCredentials(page, login, "Wrong-Horse-7-Battery");
    const alert = page.getByRole("alert");
    await alert.waitFor();
    assert.ok(await alert.evaluate((e) => e === document.activeElement));
    assert.match(await page.title(), /^Error:/);
    said.push(await alert.innerText());
  }
  assert.equal(said[0], said[1]);
});

test("who fails too often is told how long to wait, account or not", async (t) => {
  const gate = await Gate.start("[identity.lockout]\nfailures = 1\n");
  t.after(() => gate.stop());
  await register(gate, "ada@example.com");
  for (const login of ["ada@example.com", "nobody@example.com"]) {
    const page = await visitor(t, { gate, javaScriptEnabled: false });
    await page.goto("/ui/login");
    await fillCredentials(page, login, "Wrong-Horse-7-Battery");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await follow(page.getByRole("button", { name: "Sign in", exact: true }));
    assert.match(await page.getByRole("alert").innerText(), /too many failed attempts.*15 minutes/i);
  }
});

test("the step for the password is reloaded and come back to, without scripts", async (t) => {
  const page = await visitor(t, { javaScriptEnabled: false });
  const email = await person();
  await page.goto("/ui/account/profile");
  await page.locator("#login").fill(email);
  await follow(page.getByRole("button", { name: "Continue" }));
  await page.reload();
  assert.equal(await page.locator("input[name=login]").inputValue(), email);
  await page.goBack();
  assert.equal(await page.locator("#login").inputValue(), email, "what was typed is kept");
  await page.goForward();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await follow(page.getByRole("button", { name: "Sign in", exact: true }));
  await page.goBack();
  assert.equal(new URL(page.url()).pathname, "/ui/account/profile", "whoever is in stays in");
});

test("going back and reloading never ask whether to send a form again", async (t) => {
  const page = await visitor(t);
  await page.goto("/ui/account/profile");
  await fillCredentials(page, await person(), "Wrong-Horse-7-Battery");
  await page.getByRole("alert").waitFor();
  await page.reload();
  assert.equal(await page.getByRole("alert").count(), 0);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await arrive(page, () => page.keyboard.press("Enter"));
  await page.getByLabel("Phone").fill("12");
  await follow(page.getByRole("button", { name: "Save" }));
  await page.getByRole("alert").waitFor();
  await follow(page.getByRole("link", { name: "Overview" }));
  await page.goBack();
  assert.equal(await page.getByLabel("Phone").inputValue(), "");
  await page.goBack();
  assert.equal(new URL(page.url()).pathname, "/ui/account/profile");
});

test("a password can be shown, and is sent hidden", async (t) => {
  const page = await visitor(t);
  await page.goto("/ui/login");
  await page.getByLabel("E-mail address or user name").fill("ada@example.com");
  await follow(page.getByRole("button", { name: "Continue" }));
  const input = page.getByLabel("Password", { exact: true });
  await input.fill("typed");
  const show = page.getByRole("button", { name: "Show password" });
  await show.click();
  assert.deepEqual([await input.getAttribute("type"), await show.getAttribute("aria-pressed")], ["text", "true"]);
  // What the browser would keep of a text it would offer again: seen in the moment when the form is sent.
  await page.evaluate(() => {
    document.querySelector("#password").form.addEventListener("submit", (event) => {
      event.preventDefault();
      document.title = document.querySelector("#password").type;
    });
  });
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(await page.title(), "password");
});

test("the button that shows a password lies in its field", async (t) => {
  const page = await visitor(t);
  for (const path of ["/ui/signup", "/ui/login?login=ada@example.com"]) {
    await page.goto(path);
    if (path !== "/ui/signup") await follow(page.getByRole("button", { name: "Continue" }));
    const button = await page.getByRole("button", { name: "Show password" }).boundingBox();
    const field = await page.locator("input[type=password]").boundingBox();
    const inside = button.x > field.x && button.x + button.width <= field.x + field.width;
    assert.ok(inside && button.y >= field.y && button.y + button.height <= field.y + field.height + 1, path);
    assert.ok(button.width >= 24 && button.height >= 24, path);
  }
});

test("the page speaks the browser's language, and another one when asked", async (t) => {
  const page = await visitor(t, { locale: "de-DE", javaScriptEnabled: false });
  await page.goto("/ui/login?return_to=%2Fui%2Faccount%2Fprofile");
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await follow(page.getByRole("link", { name: "Čeština" }));
  assert.equal(await page.locator("html").getAttribute("lang"), "cs");
  await fillCredentials(page, await person());
  assert.equal(new URL(page.url()).pathname, "/ui/account/profile", "the way is not lost");
  assert.equal(await page.locator("html").getAttribute("lang"), "cs", "remembered");
});

test("the first visit weighs less than 60 KiB", async (t) => {
  const page = await visitor(t);
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto("/ui/login", { waitUntil: "networkidle" });
  assert.ok(bytes > 1_000 && bytes < 60 * 1_024, `${bytes} bytes`);
});
