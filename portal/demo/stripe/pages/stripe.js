// The stand-in's stripe.js: the calls our pay page makes, answered as Stripe's own would.
(() => {
  "use strict";
  const base = new URL(document.currentScript.src).origin;
  let count = 0;

  const api = async (key, path) => {
    const answer = await fetch(base + path, { headers: { authorization: `Bearer ${key}` } });
    return answer.json();
  };

  // What a page may ask of the look, by the names that Stripe has for it; all else is a mistake.
  const LOOK = {
    theme: ["stripe", "night", "flat"],
    variables: [
      "colorPrimary", "colorBackground", "colorText", "colorTextSecondary", "colorTextPlaceholder",
      "colorDanger", "fontFamily", "fontSizeBase", "borderRadius", "focusBoxShadow", "focusOutline",
    ],
    rules: { ".Input": ["border", "boxShadow"], ".Label": ["color", "fontWeight"] },
  };
  const known = (names, given, what) => {
    for (const [name, value] of Object.entries(given || {})) {
      if (!names.includes(name)) throw new Error(`appearance: no such ${what}: ${name}`);
      if (typeof value !== "string" || !value) throw new Error(`appearance: ${name} is empty`);
    }
  };
  const checkLook = (look) => {
    known(Object.keys(LOOK), Object.fromEntries(Object.keys(look).map((n) => [n, n])), "option");
    if (look.theme && !LOOK.theme.includes(look.theme)) throw new Error(`no theme ${look.theme}`);
    known(LOOK.variables, look.variables, "variable");
    for (const [target, rule] of Object.entries(look.rules || {})) {
      if (!(target in LOOK.rules)) throw new Error(`appearance: no such rule: ${target}`);
      known(LOOK.rules[target], rule, `property of ${target}`);
    }
    return look;
  };

  const makeElement = (key, options) => {
    const frame = document.createElement("iframe");
    const waiting = new Map();
    const handlers = {};
    const hash = new URLSearchParams({ key, parent: location.origin, locale: options.locale || "en" });
    hash.set("look", JSON.stringify(options.look));
    frame.src = `${base}/element#${hash}`;
    frame.title = options.locale === "es" ? "Datos de la tarjeta" : "Secure card fields";
    // Wider than its place by the room that a field's focus needs around it.
    const room = { width: "calc(100% + 10px)", margin: "-5px" };
    // Its ground is the page's own, whatever scheme that has.
    frame.style.setProperty("color-scheme", "normal", "important");
    Object.assign(frame.style, { ...room, border: "0", height: "200px", display: "block" });
    addEventListener("message", (event) => {
      if (event.origin !== base || event.source !== frame.contentWindow) return;
      const told = event.data;
      if (told.type === "height") frame.style.height = `${told.height}px`;
      if (told.type === "answer") {
        waiting.get(told.id)(told.answer);
        waiting.delete(told.id);
      }
      if (handlers[told.type]) handlers[told.type](told);
    });
    const ask = (message) => new Promise((resolve) => {
      const id = ++count;
      waiting.set(id, resolve);
      frame.contentWindow.postMessage({ standin: "page", id, ...message }, base);
    });
    return {
      ask,
      draw: (look) => frame.contentWindow.postMessage({ standin: "page", type: "look", look }, base),
      mount: (where) => (typeof where === "string" ? document.querySelector(where) : where).append(frame),
      on(name, handler) { handlers[name] = handler; return this; },
      focus: () => frame.focus(),
      unmount: () => frame.remove(),
    };
  };

  const challenge = (address, locale) => new Promise((resolve) => {
    const dialog = document.createElement("dialog");
    const frame = document.createElement("iframe");
    const hash = new URLSearchParams({ parent: location.origin, locale });
    frame.src = `${address}#${hash}`;
    frame.title = "3-D Secure";
    Object.assign(frame.style, { width: "min(30rem, 80vw)", height: "18rem", border: "0" });
    Object.assign(dialog.style, { padding: "0", border: "1px solid" });
    dialog.setAttribute("aria-label", "3-D Secure");
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.append(frame);
    document.body.append(dialog);
    dialog.showModal();
    const heard = (event) => {
      if (event.origin !== base || event.source !== frame.contentWindow) return;
      if (event.data.type !== "done") return;
      removeEventListener("message", heard);
      dialog.close();
      dialog.remove();
      resolve();
    };
    addEventListener("message", heard);
  });

  window.Stripe = (key, settings = {}) => {
    const locale = settings.locale || "en";
    return {
      elements(options) {
        let element = null;
        let look = checkLook((options && options.appearance) || {});
        if (!options || options.mode !== "payment" || !(options.amount > 0) || !options.currency) {
          throw new Error("elements() needs mode, amount and currency");
        }
        return {
          create(kind) {
            if (kind !== "payment") throw new Error(`no such element: ${kind}`);
            element = makeElement(key, { locale, look });
            return element;
          },
          update(changed) {
            look = checkLook(changed.appearance || look);
            if (element) element.draw(look);
          },
          submit: () => element.ask({ type: "submit" }),
          _token: (params) => element.ask({
            type: "token",
            billing: params.payment_method_data && params.payment_method_data.billing_details,
            returnUrl: params.return_url,
          }),
        };
      },
      createConfirmationToken: ({ elements, params }) => elements._token(params || {}),
      async handleNextAction({ clientSecret }) {
        const ref = clientSecret.split("_secret_")[0];
        const path = `/v1/payment_intents/${ref}?client_secret=${clientSecret}`;
        let intent = await api(key, path);
        if (intent.error) return { error: intent.error };
        if (intent.status === "requires_action") {
          await challenge(`${base}/3ds/${ref}?client_secret=${clientSecret}`, locale);
          intent = await api(key, path);
        }
        if (intent.last_payment_error) return { error: intent.last_payment_error };
        return { paymentIntent: intent };
      },
    };
  };
})();
