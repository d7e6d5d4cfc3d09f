// Passkeys on the server-drawn pages: options from us, the browser's own dialogue, a plain post.
(() => {
  "use strict";
  const bytes = (text) => {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
    return btoa(letters.join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const create = async (options) => {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
    };
    const made = await navigator.credentials.create({ publicKey });
    return {
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      response: {
        clientDataJSON: text(made.response.clientDataJSON),
        attestationObject: text(made.response.attestationObject),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
    };
  };

  const get = async (options) => {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: known(options.allowCredentials),
    };
    const found = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
    return {
      id: found.id,
      rawId: text(found.rawId),
      type: found.type,
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
        userHandle: userHandle ? text(userHandle) : null,
      },
    };
  };

  const able = Boolean(window.PublicKeyCredential && navigator.credentials);
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!able) continue;
    const button = form.querySelector("button");
    const status = form.querySelector("[data-passkey-status]");
    let busy = false;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      status.textContent = "";
      button.setAttribute("aria-disabled", "true");
      try {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.options, { method: "POST", body });
        const told = await answer.json();
        if (told.go) { window.location.assign(told.go); return; }
        if (told.problem) throw new Error(told.problem);
        const ask = form.dataset.passkey === "create" ? create : get;
        form.elements.credential.value = JSON.stringify(await ask(told.options));
        for (const copy of form.querySelectorAll("[data-passkey-box]")) {
          const box = document.getElementById(copy.dataset.passkeyBox);
          copy.value = box.checked ? box.value : "";
        }
        form.submit();
      } catch (error) {
        busy = false;
        button.removeAttribute("aria-disabled");
        const twice = error.name === "InvalidStateError" && form.dataset.known;
        const ours = error.name === "Error" ? error.message : form.dataset.failed;
        status.textContent = twice || ours;
      }
    });
  }
  for (const none of document.querySelectorAll("[data-passkey-none]")) none.hidden = able;

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
})();
