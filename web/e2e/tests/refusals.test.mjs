// Pages about what was refused: where they lead, for strangers and for whoever is signed in.

import assert from "node:assert/strict";
import { test } from "node:test";

import { follow } from "../harness/follow.mjs";
import { Gate } from "../harness/gate.mjs";
import { person, signIn } from "../harness/people.mjs";
import { visitor } from "../harness/world.mjs";

const PLAIN = { javaScriptEnabled: false };

test("whoever is signed in is led to their account, others to signing in", async (t) => {
  const page = await visitor(t, PLAIN);
  for (const path of ["/nowhere", "/ui/nowhere"]) {
    await page.goto(path);
    await page.getByRole("link", { name: "Go to sign in" }).waitFor();
  }
  await signIn(page, await person());
  for (const path of ["/nowhere", "/ui/nowhere", "/ui/verify-email"]) {
    await page.goto(path);
    await follow(page.getByRole("link", { name: "Go to your account" }));
    assert.equal(new URL(page.url()).pathname, "/ui/account");
  }
});

test("a form that is not accepted leads back to its page, which works", async (t) => {
  const page = await visitor(t, PLAIN);
  await signIn(page, await person(), { path: "/ui/account/profile" });
  await page.context().clearCookies({ name: "__Host-portcullis_form" });
  await page.getByLabel("Name").fill("Ada");
  await follow(page.getByRole("button", { name: "Save" }));
  await page.getByRole("heading", { name: "That did not work" }).waitFor();
  await page.getByText("nothing was changed").waitFor();
  await follow(page.getByRole("link", { name: "Open the page again" }));
  await page.getByLabel("Name").fill("Ada");
  await follow(page.getByRole("button", { name: "Save" }));
  await page.getByText("Your profile is saved.").waitFor();
});

test("what failed on our side may be tried again, and what is not allowed says whom to ask", async (t) => {
  const gate = await Gate.start(`
[upstreams.down]
targets = ["http://127.0.0.1:9"]
[[routes]]
name = "down"
match = { path = "/down/{*rest}" }
upstream = "down"
auth = "none"
[[routes]]
name = "closed"
match = { path = "/closed/{*rest}" }
upstream = "down"
auth = "none"
clients = { deny_ips = ["127.0.0.0/8", "::1/128"] }
`);
  t.after(() => gate.stop());
  const page = await visitor(t, { ...PLAIN, gate });
  await page.goto("/down/x?y=1");
  await follow(page.getByRole("link", { name: "Try again" }));
  assert.equal(page.url(), `${gate.url}/down/x?y=1`);
  await page.goto("/closed/x");
  await page.getByText("tell your administrator the reference").waitFor();
  assert.equal(await page.getByRole("link", { name: "Try again" }).count(), 0);
});
