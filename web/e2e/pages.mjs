// Every page, for those who look at all of them: the photographs and the scans.

/**
 * Brings up one page after the other and calls `look(name, page)` for each. `visitor` makes a context in
 * the browser: somebody new.
 */
export async function pages(gate, visitor, look) {
  const stranger = await visitor();
  const page = await stranger.newPage();
  for (const [name, path] of Object.entries({ greeting: "/", errors: "/problems", error: "/problems/credentials.invalid" })) {
    await page.goto(path);
    await look(name, page);
  }
  await stranger.close();
}
