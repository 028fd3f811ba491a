// What scripts add to pages that work without them: nothing here is needed to sign in with a password.
"use strict";

// A button that shows what was typed as a password.
for (const input of document.querySelectorAll("input[type=password][data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  button.setAttribute("aria-label", input.dataset.show);
  const say = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  button.addEventListener("click", () => say(input.type === "password"));
  // A password is never sent, or kept by the browser, as ordinary text.
  input.form?.addEventListener("submit", () => say(false));
  // The field stays where it is: somebody may be typing into it already.
  input.after(button);
  say(false);
}

// The work that a tenant asks of programs that sign up: done while the form is filled in.
const nonce = document.querySelector("input[data-puzzle]");
if (nonce) {
  const text = new TextEncoder();
  const zeros = (hash) => {
    const first = hash.findIndex((byte) => byte !== 0);
    return first < 0 ? 256 : first * 8 + Math.clz32(hash[first]) - 24;
  };
  const solve = async () => {
    for (let tried = 0; ; tried++) {
      const hash = await crypto.subtle.digest("SHA-256", text.encode(`${nonce.dataset.puzzle}.${tried}`));
      if (zeros(new Uint8Array(hash)) >= Number(nonce.dataset.bits)) return tried;
    }
  };
  // Browsers hash over https and on the machine itself only. What was not solved is sent all the same: the answer says
  // what is missing.
  const done = solve().then(
    (found) => (nonce.value = found),
    () => {},
  );
  nonce.form.addEventListener("submit", (event) => {
    if (nonce.value) return;
    event.preventDefault();
    done.then(() => nonce.form.submit());
  });
}

// Buttons that copy and print what is shown once. Codes and keys are copied without the spaces they are read by.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const shown = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText((shown.value ?? shown.innerText).replaceAll(" ", ""));
      button.textContent = button.dataset.copied;
    } catch {
      // Not allowed to: it is selected, to be copied by hand.
      if (shown.select) shown.select();
      else getSelection().selectAllChildren(shown);
    }
  });
  button.hidden = false;
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => print());
  button.hidden = false;
}

// A second tap sends a form no second time: its code or its key would count as used. After a while it may be sent again,
// because the first may have come to nothing.
for (const form of document.querySelectorAll("form[method=post]")) {
  let sent = -Infinity;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.timeStamp - sent < 5000) event.preventDefault();
    else sent = event.timeStamp;
  });
  // A page that is come back to begins anew.
  addEventListener("pageshow", () => (sent = -Infinity));
}

// What answers a form is reloaded and come back to like any page, instead of asking whether to send the form again: each
// such address has a page.
history.replaceState(history.state, "");

// Screen readers and keyboards begin at what is wrong.
document.getElementById("faults")?.focus();
