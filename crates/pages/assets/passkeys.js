// Passkeys, which only a script can ask the browser for. Pages that have nothing of this load nothing of it.
"use strict";

const known = window.PublicKeyCredential?.parseRequestOptionsFromJSON;

// A form that is sent with what the browser's authenticator makes or signs: `create` or `get`.
for (const form of document.querySelectorAll("form[data-ceremony]")) {
  if (!known) break;
  const failed = form.querySelector("[data-failed]");
  const ask = async () => {
    const { publicKey } = JSON.parse(form.dataset.options);
    return form.dataset.ceremony === "create"
      ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    failed.textContent = "";
    ask()
      .then((credential) => {
        form.elements.credential.value = JSON.stringify(credential.toJSON());
        form.submit();
      })
      .catch(() => {
        failed.textContent = failed.dataset.failed;
      });
  });
  form.querySelector("[data-without]").hidden = true;
  form.querySelector("button").hidden = false;
}

// Signing in with a passkey, or proving with one who is signed in: by the button, or offered by the browser while the first field is filled in.
const passkey = document.querySelector("[data-passkey]");
if (passkey && known) {
  let waiting;
  let chosen = false;
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
    chosen = true;
    const purpose = challenge ? { challenge_id: challenge } : { set_cookie: true };
    await call(finish, { ceremony, credential: credential.toJSON(), ...purpose });
    location.assign(passkey.dataset.next);
  };
  const failed = passkey.querySelector("[data-failed]");
  passkey.querySelector("button").addEventListener("click", () => {
    failed.textContent = "";
    signIn("optional").catch((error) => {
      // A second press takes the place of the first.
      if (error.name !== "AbortError") failed.textContent = failed.dataset.failed;
    });
  });
  passkey.hidden = false;
  PublicKeyCredential.isConditionalMediationAvailable?.().then((offered) => {
    // Nobody asked for it, so nobody is told when nothing comes of it; unless they chose a passkey, and it was refused.
    const refused = () => {
      if (chosen) failed.textContent = failed.dataset.failed;
    };
    if (offered && !challenge) signIn("conditional").catch(refused);
  });
}
