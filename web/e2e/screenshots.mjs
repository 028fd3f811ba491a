// Photographs every page, narrow and wide, light and dark, in a language (LOCALE, English unless
// set), with THEME=1 in the look of a tenant, into target/screenshots, with an index.html to look at them side by side.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "./harness/browser.mjs";
import { Gate } from "./harness/gate.mjs";
import { register } from "./harness/sign-in.mjs";
import { wear } from "./harness/theme.mjs";
import { everyPage } from "./pages.mjs";

const folder = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
const language = process.env.LOCALE || "en";
const WINDOWS = { narrow: { width: 360, height: 740 }, wide: { width: 1280, height: 800 } };
const SCHEMES = ["light", "dark"];

const gate = await Gate.start();
const browser = await launch();
const taken = [];
if (process.env.THEME) await wear(gate);
try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries(WINDOWS)) {
    for (const colorScheme of SCHEMES) {
      const contexts = [];
      const visitor = async () => {
        contexts.push(await browser.newContext({ baseURL: gate.url, locale: language, viewport, colorScheme }));
        return contexts.at(-1).newPage();
      };
      const email = `ada.${size}.${colorScheme}@example.com`;
      await register(gate, email);
      await everyPage({ gate, visitor, email }, async (name, page) => {
        const file = `${name}-${size}-${colorScheme}.png`;
        await page.screenshot({ path: join(folder, file), fullPage: true, animations: "disabled" });
        taken.push({ name, size, colorScheme, file });
      });
      await Promise.all(contexts.map((context) => context.close()));
    }
  }
} finally {
  await browser.close();
  await gate.stop();
}

const names = [...new Set(taken.map(({ name }) => name))];
const pictures = (name) =>
  taken
    .filter((picture) => picture.name === name)
    .map(({ size, colorScheme, file }) => `<figure><img src="${file}" alt=""><figcaption>${size}, ${colorScheme}</figcaption></figure>`)
    .join("\n");
writeFileSync(
  join(folder, "index.html"),
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title>
<style>body{font-family:system-ui;margin:2rem}div{display:flex;flex-wrap:wrap;gap:1rem;align-items:start}
figure{margin:0}img{border:1px solid #999;max-height:60rem}figure:has(img){max-width:45%}img{max-width:100%}</style>
${names.map((name) => `<h2>${name}</h2><div>${pictures(name)}</div>`).join("\n")}
</html>
`,
);
console.log(`${taken.length} pictures of ${names.length} pages: ${join(folder, "index.html")}`);
