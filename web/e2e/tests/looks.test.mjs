// Every page, narrow and wide, light and dark: accessible as far as a program can tell, and nothing to be
// scrolled sideways.

import { test } from "node:test";

import { assertAccessible, assertFits } from "../harness/looks.mjs";
import { person } from "../harness/people.mjs";
import { NARROW, WIDE, sharedGate, visitor } from "../harness/world.mjs";
import { everyPage } from "../pages.mjs";

for (const [size, viewport, colorScheme, locale] of [
  ["narrow and light, in English", NARROW, "light", "en-GB"],
  ["narrow and dark, in German", NARROW, "dark", "de-DE"],
  ["wide and light, in Czech", WIDE, "light", "cs-CZ"],
  ["wide and dark, in French", WIDE, "dark", "fr-FR"],
]) {
  test(`every page is accessible and fits: ${size}`, async (t) => {
    const [gate, email] = [await sharedGate(), await person()];
    const someone = () => visitor(t, { viewport, colorScheme, locale });
    await everyPage({ gate, visitor: someone, email }, async (_, page) => {
      await assertAccessible(page);
      await assertFits(page);
    });
  });
}
