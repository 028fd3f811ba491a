// Going from page to page. A click returns when the browser has taken it, which may be before it has left the page:
// what is asked of the page then is answered by the old one, and what is asked of the browser by nobody.

/** Does what leads to another page (or to the same one anew), and waits until that one is there. */
export async function arrive(page, action) {
  const left = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
  await Promise.all([left, action()]);
  await page.waitForLoadState();
}

/** Clicks what leads to another page, and waits until that one is there. */
export const follow = (locator) => arrive(locator.page(), () => locator.click());
