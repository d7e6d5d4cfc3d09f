// The Payment Element's own page: the card stays in this frame and goes to the stand-in alone.
(() => {
  "use strict";
  const hash = new URLSearchParams(location.hash.slice(1));
  const key = hash.get("key");
  const parentOrigin = hash.get("parent");
  const language = hash.get("locale") === "es" ? "es" : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.dataset[language];
  const draw = ({ theme = "stripe", variables = {}, rules = {} }) => {
    const { dataset, style } = document.documentElement;
    dataset.theme = theme;
    for (const [name, value] of Object.entries(variables)) style.setProperty(`--${name}`, value);
    for (const [target, rule] of Object.entries(rules)) {
      for (const [name, value] of Object.entries(rule)) style.setProperty(`--${target.slice(1)}-${name}`, value);
    }
  };
  draw(JSON.parse(hash.get("look")));
  const SPANISH = {
    incomplete_number: "El número de la tarjeta está incompleto.",
    incorrect_number: "El número de la tarjeta no es correcto.",
    incomplete_expiry: "La fecha de vencimiento está incompleta.",
    invalid_expiry: "La fecha de vencimiento no es correcta.",
    incomplete_cvc: "El código de seguridad está incompleto.",
    card_declined: "Esta demostración acepta solo tarjetas de prueba.",
  };
  const fields = { number: 0, expiry: 0, cvc: 0 };
  for (const name of Object.keys(fields)) fields[name] = document.getElementById(name);
  const tell = (message) => parent.postMessage({ standin: "element", ...message }, parentOrigin);
  const size = () => tell({ type: "height", height: document.querySelector("main").scrollHeight + 8 });

  fields.number.addEventListener("input", () => {
    const digits = fields.number.value.replace(/\D/g, "").slice(0, 19);
    fields.number.value = digits.replace(/(.{4})(?=.)/g, "$1 ");
  });
  fields.expiry.addEventListener("input", (event) => {
    const digits = fields.expiry.value.replace(/\D/g, "").slice(0, 4);
    const deleting = (event.inputType || "").startsWith("delete");
    fields.expiry.value = digits.length > 2 || (digits.length === 2 && !deleting)
      ? `${digits.slice(0, 2)} / ${digits.slice(2)}`.trimEnd() : digits;
  });
  const clear = () => {
    for (const name of Object.keys(fields)) {
      const problem = document.getElementById(`${name}-problem`);
      problem.hidden = true;
      problem.textContent = "";
      fields[name].removeAttribute("aria-invalid");
    }
  };
  const show = (error) => {
    const name = error.param in fields ? error.param : "number";
    const problem = document.getElementById(`${name}-problem`);
    problem.textContent = (language === "es" && SPANISH[error.code]) || error.message;
    problem.hidden = false;
    fields[name].setAttribute("aria-invalid", "true");
    fields[name].focus();
    size();
    return { ...error, message: problem.textContent };
  };
  const form = (billing) => {
    const [month, year] = fields.expiry.value.split("/").map((part) => (part || "").trim());
    const body = new URLSearchParams({
      "payment_method_data[type]": "card",
      "payment_method_data[card][number]": fields.number.value.replace(/\s/g, ""),
      "payment_method_data[card][exp_month]": month || "",
      "payment_method_data[card][exp_year]": year || "",
      "payment_method_data[card][cvc]": fields.cvc.value,
    });
    for (const name of ["name", "email", "phone"]) {
      if (billing[name]) body.set(`payment_method_data[billing_details][${name}]`, billing[name]);
    }
    for (const [name, value] of Object.entries(billing.address || {})) {
      body.set(`payment_method_data[billing_details][address][${name}]`, value || "");
    }
    return body;
  };
  const makeToken = async (billing, returnUrl) => {
    clear();
    const body = form(billing);
    if (returnUrl) body.set("return_url", returnUrl);
    const answer = await fetch("/v1/confirmation_tokens", {
      method: "POST", body, headers: { authorization: `Bearer ${key}` },
    });
    const told = await answer.json();
    return told.error ? { error: show(told.error) } : { confirmationToken: told };
  };
  const check = () => {
    clear();
    const digits = fields.number.value.replace(/\D/g, "");
    const [month, year] = fields.expiry.value.split("/").map((part) => (part || "").trim());
    if (digits.length < 12) return show({ code: "incomplete_number", param: "number", message: "Your card number is incomplete." });
    if (!month || !year) return show({ code: "incomplete_expiry", param: "expiry", message: "Your card's expiration date is incomplete." });
    if (fields.cvc.value.length < 3) return show({ code: "incomplete_cvc", param: "cvc", message: "Your card's security code is incomplete." });
    return null;
  };
  addEventListener("message", async (event) => {
    if (event.origin !== parentOrigin || event.data.standin !== "page") return;
    const { id, type } = event.data;
    if (type === "look") draw(event.data.look);
    if (type === "submit") {
      const error = check();
      tell({ id, type: "answer", answer: error ? { error } : {} });
    }
    if (type === "token") {
      let answer;
      try {
        answer = await makeToken(event.data.billing || {}, event.data.returnUrl);
      } catch {
        answer = { error: { type: "api_connection_error", message: "No connection." } };
      }
      tell({ id, type: "answer", answer });
    }
  });
  document.getElementById("card").addEventListener("submit", (event) => {
    event.preventDefault();
    tell({ type: "enter" });
  });
  new ResizeObserver(size).observe(document.body);
  size();
  tell({ type: "ready" });
})();
