// What the strict content security policy and the promise "offline" demand of our pages.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

test("the page has no inline script, style or handler", () => {
  const page = read("src/index.html");
  assert.doesNotMatch(page, /<script(?![^>]*\ssrc=)/);
  assert.doesNotMatch(page, /<style|\sstyle=|\son[a-z]+=/);
});

test("nothing of ours names another host", () => {
  for (const name of readdirSync(new URL("src/", import.meta.url))) {
    const text = read(`src/${name}`).replaceAll("http://www.w3.org/2000/svg", "");
    assert.doesNotMatch(text, /(https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}/i, name);
  }
});

test("what the page refers to is in the build", () => {
  const built = readdirSync(new URL("dist/", import.meta.url));
  for (const [, name] of read("src/index.html").matchAll(/"\/docs\/([^"]+)"/g)) {
    assert.ok(built.includes(name), name);
  }
  assert.doesNotMatch(read("dist/swagger-ui-bundle.js"), /sourceMappingURL/);
});
