// What a page owes everybody who looks at it, measured in the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** No rule of WCAG 2.2 A and AA that a program can judge is broken. `exclude` are selectors left out. */
export async function assertAccessible(page, { exclude = [] } = {}) {
  // Through the debugger, which a content security policy does not stop as it should stop a script.
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: `window.axe ?? (${"() => {"}${axe}})(), undefined` });
  await session.detach();
  const violations = await page.evaluate(
    async ({ rules, exclude }) => {
      const found = await window.axe.run({ exclude: exclude.map((e) => [e]) }, { runOnly: rules, resultTypes: ["violations"] });
      return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => `${n.html} ${n.failureSummary}`).join("\n  ")}`);
    },
    { rules: RULES, exclude },
  );
  assert.deepEqual(violations, [], `${page.url()} is not accessible`);
}

/** Nothing is wider than the window (WCAG 1.4.10). */
export async function assertFits(page) {
  const { wide, inner } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    inner: document.documentElement.clientWidth,
  }));
  assert.ok(wide <= inner, `${page.url()} is ${wide} px wide in a window of ${inner} px`);
}
