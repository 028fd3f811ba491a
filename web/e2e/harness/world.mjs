// What all tests of this process share: one gate and one browser, started when the first test needs
// them. What a test must not share with others (people, cookies, windows) it makes for itself.

import assert from "node:assert/strict";
import { after } from "node:test";

import { launch } from "./browser.mjs";
import { Gate } from "./gate.mjs";
import { supervise } from "./supervise.mjs";

let started;

async function start() {
  const [gate, browser] = await Promise.allSettled([Gate.start(), launch()]);
  const failed = [gate, browser].find((part) => part.status === "rejected");
  if (failed) {
    await gate.value?.stop();
    await browser.value?.close();
    throw failed.reason;
  }
  return { gate: gate.value, browser: browser.value };
}

function world() {
  started ??= start();
  return started;
}

after(async () => {
  if (!started) return;
  const { gate, browser } = await started;
  const { log } = gate;
  await browser.close();
  await gate.stop();
  assert.doesNotMatch(log, /panicked|ERROR/, "the program complained");
});

/** The gate that tests share. */
export async function sharedGate() {
  return (await world()).gate;
}

/** A window that is wide, and one like a telephone's: the narrowest that people use (WCAG 1.4.10). */
export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 320, height: 640 };

/**
 * A visitor with a browser of their own: no cookies, and a page whose relative addresses are the gate's.
 * `options` are those of a context in Playwright, such as `javaScriptEnabled`, `locale`, `colorScheme`, and
 * `gate` for another gate than the shared one and `expected` for what the browser has to complain about.
 * When the test ends the window is closed, and what went wrong in it fails the test.
 */
export async function visitor(t, { gate: own, expected, ...options } = {}) {
  const { browser, gate: shared } = await world();
  const gate = own ?? shared;
  const context = await browser.newContext({ baseURL: gate.url, locale: "en-GB", viewport: WIDE, ...options });
  const complaints = supervise(context, gate.url);
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints.filter((what) => !expected?.test(what)), [], "the browser complained");
    if (expected) assert.ok(complaints.some((what) => expected.test(what)), `the browser did not say ${expected}`);
  });
  return context.newPage();
}
