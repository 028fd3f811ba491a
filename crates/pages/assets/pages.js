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
  const solved = solve().then((found) => {
    nonce.value = found;
  });
  nonce.form.addEventListener("submit", (event) => {
    if (nonce.value) return;
    event.preventDefault();
    solved.then(() => nonce.form.submit());
  });
}

// Signing in with a passkey, or proving with one who is signed in: by the button, or offered by the browser while the first field is filled in.
const passkey = document.querySelector("[data-passkey]");
if (passkey && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  let waiting;
  const { finish = `${passkey.dataset.passkey}/finish`, challenge } = passkey.dataset;
  const call = async (address, body) => {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  };
  const signIn = async (mediation) => {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const { ceremony, options } = await call(`${passkey.dataset.passkey}/start`, {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
    const credential = await navigator.credentials.get({ publicKey, mediation, signal });
    const purpose = challenge ? { challenge_id: challenge } : { set_cookie: true };
    await call(finish, { ceremony, credential: credential.toJSON(), ...purpose });
    location.assign(passkey.dataset.next);
  };
  const failed = passkey.querySelector("[data-failed]");
  passkey.querySelector("button").addEventListener("click", () => {
    failed.textContent = "";
    signIn("optional").catch(() => {
      failed.textContent = failed.dataset.failed;
    });
  });
  passkey.hidden = false;
  PublicKeyCredential.isConditionalMediationAvailable?.().then((offered) => {
    // Nobody asked for it, so nobody is told when nothing comes of it.
    if (offered && !challenge) signIn("conditional").catch(() => {});
  });
}

// Screen readers and keyboards begin at what is wrong.
document.getElementById("faults")?.focus();
