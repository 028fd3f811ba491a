// What scripts add to pages that work without them: nothing here is needed to sign in with a password.
"use strict";

// A button that shows what was typed as a password.
for (const input of document.querySelectorAll("input[type=password][data-show]")) {
  const around = document.createElement("span");
  const button = document.createElement("button");
  around.className = "reveal";
  button.type = "button";
  button.setAttribute("aria-controls", input.id);
  const say = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
    button.setAttribute("aria-label", shown ? input.dataset.hide : input.dataset.show);
  };
  button.addEventListener("click", () => say(input.type === "password"));
  // A password is never sent, or kept by the browser, as ordinary text.
  input.form?.addEventListener("submit", () => say(false));
  input.replaceWith(around);
  around.append(input, button);
  say(false);
}

// Screen readers and keyboards begin at what is wrong.
document.getElementById("faults")?.focus();
