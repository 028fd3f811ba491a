// Every browser test, in one process: they share one server and one browser, which cost most of the
// time. One file alone: `node --test tests/documents.test.mjs`; by name: `npm test -- --test-name-pattern=reset`.

import { readdirSync } from "node:fs";

for (const name of readdirSync(new URL("tests/", import.meta.url)).sort()) {
  await import(`./tests/${name}`);
}
