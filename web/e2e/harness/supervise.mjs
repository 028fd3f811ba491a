// What no page may do, whatever else it does: ask another host, fail to load a part of itself, throw, or
// break its own content security policy.

/** Returns the list that complaints about this context's pages are added to. */
export function supervise(context, origin) {
  const complaints = [];
  const complain = (page, what) => complaints.push(`${page?.url() ?? "?"}: ${what}`);

  context.on("request", (request) => {
    const { origin: to, protocol } = new URL(request.url());
    if (protocol.startsWith("http") && to !== origin) complain(undefined, `asked another host: ${request.url()}`);
  });
  context.on("response", (response) => {
    const request = response.request();
    if (response.status() >= 400 && !request.isNavigationRequest()) {
      complain(request.frame().page(), `${response.status()} for ${request.url()}`);
    }
  });
  context.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // Chromium also notes every status that is an error. Those of a page's parts are seen above; what a page
    // itself answers is for the test to judge; and icons of documents that name none are the browser's idea.
    if (message.text().startsWith("Failed to load resource")) return;
    complain(message.page(), message.text());
  });
  context.on("weberror", (error) => complain(error.page(), String(error.error())));
  return complaints;
}
