// Collects the API browser into dist/: our page, Swagger UI as published, and a gzip copy of each
// text, so that the server never compresses (gzip, because browsers take Brotli over TLS only). Nothing is fetched and nothing is generated at run time.

import { gzipSync } from "node:zlib";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
const dist = join(here, "dist");

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
cpSync(join(here, "src"), dist, { recursive: true });

// The source map is not shipped, so the reference to it goes too: a browser would ask for it in vain.
const withoutMap = (text) => text.replace(/\n?(\/\/#|\/\*#) sourceMappingURL=.*$/m, "");
for (const name of ["swagger-ui-bundle.js", "swagger-ui.css"]) {
  writeFileSync(join(dist, name), withoutMap(readFileSync(join(swagger, name), "utf8")));
}
const licences = ["NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"];
writeFileSync(
  join(dist, "licences.txt"),
  licences.map((name) => readFileSync(join(swagger, name), "utf8")).join("\n\n"),
);

for (const name of readdirSync(dist)) {
  const text = readFileSync(join(dist, name));
  const small = gzipSync(text, { level: 9 });
  if (small.length < text.length * 0.9) {
    writeFileSync(join(dist, `${name}.gz`), small);
  }
}
