// A tenant's look: as far from the default as a look may be.

import assert from "node:assert/strict";

import { ADMIN } from "./gate.mjs";

const logo = (fill) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="180" height="48" viewBox="0 0 180 48"><path fill="${fill}" d="M4 44 24 4l20 40h-9L24 21 13 44z"/><rect x="60" y="14" width="112" height="20" rx="10" fill="${fill}"/></svg>`;

export const LOOK = {
  product_name: "Saffron & Sons",
  colors: {
    light: { accent: "#8a2c0d", ground: "#fff6e5", surface: "#fffdf8", field: "#ffffff", ink: "#2b1a10", muted: "#6b5344", line: "#ecdcc4", control: "#94795f" },
    dark: { accent: "#ffb86b", ground: "#1b120c", surface: "#2a1d14", field: "#1f150e", ink: "#fbeee0", muted: "#c9b29c", line: "#4a3626", control: "#a08468" },
  },
  css: ":root { --radius: 0.25rem } .card { border-radius: 0.5rem; border-top: 4px solid var(--accent) }",
  texts: { en: { "sign-in-title": "Welcome back" }, de: { "sign-in-title": "Schön, dass Sie da sind" } },
  links: {
    terms: "https://saffron.example/terms",
    privacy: "https://saffron.example/privacy",
    support: "https://saffron.example/help",
  },
};

async function administrator(gate) {
  const signedIn = await gate.call("POST", "/api/v1/auth/login", ADMIN);
  return { authorization: `Bearer ${signedIn.body.access_token}` };
}

/** Where the sign-in page is in this look, which nobody else sees. */
export async function tryOut(gate, look) {
  const made = await gate.call("POST", "/api/v1/admin/branding/previews", look, await administrator(gate));
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.url;
}

/** Has the pages of a gate wear it. */
export async function wear(gate) {
  const headers = await administrator(gate);
  const put = await gate.call("PUT", "/api/v1/admin/branding", LOOK, headers);
  assert.equal(put.status, 200, JSON.stringify(put.body));
  for (const [place, fill] of [["logo", "#8a2c0d"], ["logo_dark", "#ffb86b"], ["favicon", "#c9601f"]]) {
    const path = `${gate.url}/api/v1/admin/branding/images/${place}`;
    const answer = await fetch(path, { method: "PUT", headers, body: logo(fill) });
    assert.equal(answer.status, 200, await answer.text());
  }
}
