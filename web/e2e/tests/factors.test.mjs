// The second step of signing in, without scripts: an app, backup codes, text messages.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { PASSWORD, member, notice, signIn } from "../harness/people.mjs";
import { fillCredentials } from "../harness/sign-in.mjs";
import { totp } from "../harness/totp.mjs";
import { NARROW, sharedGate, visitor } from "../harness/world.mjs";

const PLAIN = { javaScriptEnabled: false };

async function answer(page, code) {
  await page.locator("#code").fill(code);
  await follow(page.getByRole("button", { name: /Continue|Confirm/ }));
}

/** Somebody who is asked for the second step, in a browser of their own. */
async function challenged(t, email) {
  const page = await visitor(t, PLAIN);
  await page.goto("/ui/account/profile");
  await fillCredentials(page, email);
  assert.equal(new URL(page.url()).pathname, "/ui/mfa");
  return page;
}

const isIn = (page) => assert.equal(new URL(page.url()).pathname, "/ui/account/profile");

test("an app is set up and asked for, and a backup code works once", async (t) => {
  const email = await member();
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/factors" });
  await follow(page.getByRole("link", { name: "Set up an authenticator app" }));
  await follow(page.locator("main form button"));
  const key = await page.locator(".secret").innerText();
  await answer(page, "000000");
  assert.match(await page.getByRole("alert").innerText(), /code is not right/);
  assert.equal(await page.locator(".secret").innerText(), key, "the page is drawn again");
  await answer(page, totp(key));
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
  const codes = await page.locator(".codes code").allInnerTexts();
  assert.equal(codes.length, 10);

  // The step that set it up is used up, so the next one is given, which is let in before its time.
  const second = await challenged(t, email);
  await answer(second, "000000");
  assert.match(await second.getByRole("alert").innerText(), /code is not right/);
  await answer(second, totp(key, 1));
  isIn(second);

  const third = await challenged(t, email);
  await follow(third.getByRole("link", { name: "Use a backup code" }));
  await answer(third, codes[0]);
  isIn(third);
  const fourth = await challenged(t, email);
  await follow(fourth.getByRole("link", { name: "Use a backup code" }));
  await answer(fourth, codes[0]);
  assert.match(await fourth.getByRole("alert").innerText(), /has been used/);
  await answer(fourth, codes[1]);
  isIn(fourth);
});

test("backup codes are kept: copied, printed and in a file, with whose they are", async (t) => {
  const email = await member();
  const page = await visitor(t, { viewport: NARROW, colorScheme: "dark" });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = async (from) => {
    await from.getByRole("button", { name: "Copy" }).click();
    await from.getByRole("button", { name: "Copied" }).waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  await signIn(page, email, { path: "/ui/account/factors" });
  await follow(page.getByRole("link", { name: "Set up an authenticator app" }));
  await follow(page.locator("main form button"));
  const key = await page.locator(".secret").innerText();
  assert.equal(await copied(page), key.replaceAll(" ", ""));
  await answer(page, totp(key));
  const codes = await page.locator(".codes code").allInnerTexts();
  assert.equal(await copied(page), codes.join("\n"));
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download as text" }).click()]);
  const file = readFileSync(await download.path(), "utf8");
  assert.equal(file, `Your backup codes\nPortcullis, ${email}\n\n${codes.join("\n")}\n`);
  await page.getByRole("button", { name: "Print" }).waitFor();

  const inside = await page.locator(".codes").boundingBox();
  const code = await page.locator(".codes code").first().boundingBox();
  assert.ok(code.x - inside.x > 8, "codes do not touch their frame");
  await page.emulateMedia({ media: "print" });
  await page.getByText(email).waitFor();
  await page.getByText("Portcullis", { exact: true }).waitFor();
  assert.equal(await page.getByRole("navigation").filter({ visible: true }).count(), 0);
  assert.equal(await page.locator("body").evaluate((e) => getComputedStyle(e).color), "rgb(22, 33, 44)", "dark on white");
});

test("what may not be copied is selected, to be copied by hand", async (t) => {
  const page = await visitor(t);
  const refuse = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  await page.addInitScript(`Clipboard.prototype.writeText = ${refuse}`);
  await signIn(page, await member(), { path: "/ui/account/factors" });
  await follow(page.getByRole("link", { name: "Set up an authenticator app" }));
  await follow(page.locator("main form button"));
  await page.getByRole("button", { name: "Copy" }).click();
  const key = await page.locator(".secret").innerText();
  assert.equal(await page.evaluate(() => getSelection().toString().trim()), key);
});

test("two taps on a slow line send a code once", async (t) => {
  const page = await visitor(t);
  await signIn(page, await member(), { path: "/ui/account/factors" });
  await follow(page.getByRole("link", { name: "Set up an authenticator app" }));
  await follow(page.locator("main form button"));
  await page.locator("#code").fill(totp(await page.locator(".secret").innerText()));
  let sent = 0;
  await page.route("**/factors/confirm", async (route) => {
    sent += 1;
    await new Promise((done) => setTimeout(done, 400));
    await route.continue();
  });
  await page.evaluate(() => {
    const button = document.querySelector("main form button:not([type=button])");
    button.click();
    setTimeout(() => button.click(), 150);
  });
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();
  assert.equal(sent, 1);
});

test("a phone is set up and asked for, with the code of a text message", async (t) => {
  const [gate, email] = [await sharedGate(), await member()];
  const phone = `+49301${Math.floor(1e6 + Math.random() * 9e6)}`;
  const page = await visitor(t, PLAIN);
  await signIn(page, email, { path: "/ui/account/factors" });
  await follow(page.getByRole("link", { name: "Set up text messages" }));
  await page.getByLabel("Phone").fill(phone);
  await follow(page.getByRole("button", { name: "Send code" }));
  await answer(page, (await gate.outbox.sms(phone)).code);
  await page.getByRole("heading", { name: "Your backup codes" }).waitFor();

  const other = await challenged(t, email);
  assert.equal(await other.locator("#code").count(), 0, "first things first");
  await follow(other.getByRole("button", { name: "Send a code" }));
  assert.match(await notice(other), /on its way to your phone/);
  const { code } = await gate.outbox.sms(phone);
  assert.equal(await other.locator("#code").getAttribute("aria-describedby"), null, "the number is no hint");
  await other.getByLabel(/Do not ask again/).check();
  await answer(other, code === "000000" ? "111111" : "000000");
  assert.match(await other.getByRole("alert").innerText(), /code is not right/);
  assert.ok(await other.getByLabel(/Do not ask again/).isChecked(), "what was chosen is kept");
  await other.getByRole("button", { name: "Send another code" }).waitFor();
  await answer(other, code);
  isIn(other);

  await other.goto("/ui/step-up?max_age=0&method=sms&return_to=%2Fui%2Faccount%2Fprofile");
  assert.equal(await other.locator("#password").count(), 0);
  await follow(other.getByRole("button", { name: "Send a code" }));
  assert.match(await notice(other), /on its way to your phone/);
  await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await answer(other, (await gate.outbox.sms(phone)).code);
  isIn(other);
});
