// What the server-drawn pages do beyond HTML: show a password, focus what is wrong, count down, pay.
(() => {
  "use strict";
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  document.documentElement.dataset.live = "";
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();

  // The code of a printed bill, which came along to the sign-in: see BillCode in portal.jsx.
  const code = /^#bill=([0-9a-f]{52})$/.exec(window.location.hash);
  if (code) {
    sessionStorage.setItem("portal-bill", code[1]);
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
  }

  for (const button of all("[data-show]")) {
    const field = document.getElementById(button.dataset.show);
    const words = { show: [button.textContent, button.getAttribute("aria-label")] };
    words.hide = [button.dataset.hideWord, button.dataset.hideLabel];
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      const [word, label] = shown ? words.hide : words.show;
      button.textContent = word;
      button.setAttribute("aria-label", label);
    });
    // Browsers may remember what stands in a text field: it goes out as a password again.
    if (field.form) field.form.addEventListener("submit", () => { field.type = "password"; });
  }

  // One press, one post: a second submit of the same form while the first is under way is dropped.
  for (const form of all("form")) {
    let sent = false;
    form.addEventListener("submit", (event) => {
      if (sent && !form.dataset.again) event.preventDefault();
      sent = true;
      setTimeout(() => { sent = false; }, 8000);
    });
  }

  if (typeof BroadcastChannel !== "undefined") {
    const channel = new BroadcastChannel("portal-session");
    channel.onmessage = () => window.location.reload();
    for (const form of all("form[data-sign-out]")) {
      form.addEventListener("submit", () => channel.postMessage("out"));
    }
  }

  const clock = document.querySelector("[data-clock]");
  if (clock) {
    const face = clock.querySelector("[data-clock-face]");
    const say = document.querySelector("[data-clock-say]");
    const dialog = document.querySelector("[data-clock-dialog]");
    const more = document.querySelector("[data-clock-more]");
    const lost = document.querySelector("[data-clock-lost]");
    let end = 0;
    let last = -1;
    let asked = false;
    let held = false; // while a payment is being confirmed nothing expires here
    let back = null;
    const start = (seconds) => {
      end = performance.now() + seconds * 1000;
      last = -1;
      asked = false;
      clock.classList.remove("soon");
    };
    const words = (left) => {
      if (left > 60) return clock.dataset.sayMinutes.replace("{n}", Math.round(left / 60));
      if (left === 60) return clock.dataset.sayMinute;
      return clock.dataset.saySeconds.replace("{n}", left);
    };
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      if (left === last) return;
      last = left;
      face.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if ([300, 120, 60, 30].includes(left)) say.textContent = words(left);
      if (left <= 120) clock.classList.add("soon");
      if (left <= 120 && left > 0 && !asked && !held) {
        asked = true;
        back = document.activeElement;
        if (dialog && dialog.showModal) dialog.showModal();
      }
      if (left === 0 && !held) leave();
    };
    // What is being typed just now has made no change event yet: it is kept before the page goes.
    const leave = async () => {
      const typed = document.querySelector("form[data-keep]");
      if (typed) {
        const body = new URLSearchParams(new FormData(typed));
        await fetch(typed.dataset.keep, { method: "POST", body }).catch(() => {});
      }
      window.location.assign(clock.dataset.expired);
    };
    document.addEventListener("portal:confirming", () => { held = true; });
    document.addEventListener("portal:idle", () => { held = false; last = -1; });
    if (dialog) dialog.addEventListener("close", () => { if (back) back.focus(); });
    if (more) {
      more.addEventListener("click", async () => {
        const body = new URLSearchParams({ csrf: more.dataset.token });
        let answer;
        try {
          answer = await fetch(more.dataset.clockMore, { method: "POST", body });
        } catch {
          // Nobody there just now: the page stays, and the button can be pressed again.
          lost.hidden = false;
          return;
        }
        lost.hidden = true;
        if (!answer.ok) { leave(); return; }
        start((await answer.json()).seconds);
        dialog.close();
      });
    }
    start(Number(clock.dataset.clock));
    tick();
    setInterval(tick, 250);
    document.addEventListener("visibilitychange", tick);
  }

  // After a reload in the middle of 3-D Secure: the bank's question once more, never a new payment.
  const bank = document.querySelector("form[data-bank]");
  if (bank) {
    const button = bank.querySelector("button");
    const status = document.querySelector("[data-bank-status]");
    let busy = false;
    bank.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      button.setAttribute("aria-disabled", "true");
      status.textContent = bank.dataset.asking;
      try {
        const stripe = window.Stripe(bank.dataset.bank, { locale: bank.dataset.language });
        const body = new URLSearchParams(new FormData(bank));
        const told = await (await fetch(bank.action, { method: "POST", body })).json();
        if (told.secret) await stripe.handleNextAction({ clientSecret: told.secret });
        window.location.assign(told.go || bank.dataset.return);
      } catch {
        busy = false;
        button.removeAttribute("aria-disabled");
        status.textContent = bank.dataset.blocked;
      }
    });
  }

  // A page of the browser's own ("this site cannot be reached") would say nothing of the payment:
  // go on only once the server answers again.
  const whenReached = async (go) => {
    try {
      if ((await fetch("/ping", { cache: "no-store" })).ok) { go(); return; }
    } catch { /* still away */ }
    setTimeout(() => whenReached(go), 2000);
  };

  // The processor draws its fields in its own frame and by day: on a dark page they are unreadable
  // unless it is told this page's colours.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const appearance = () => {
    const tokens = getComputedStyle(document.documentElement);
    const colour = (name) => tokens.getPropertyValue(`--${name}`).trim();
    return {
      theme: dark.matches ? "night" : "stripe",
      variables: {
        colorPrimary: colour("accent"), colorBackground: colour("field"), colorText: colour("ink"),
        colorTextSecondary: colour("muted"), colorTextPlaceholder: colour("muted"),
        colorDanger: colour("danger"), fontFamily: "system-ui, sans-serif", fontSizeBase: "17px",
        borderRadius: "4px", focusBoxShadow: "none", focusOutline: `3px solid ${colour("focus")}`,
      },
      rules: {
        ".Input": { border: `1px solid ${colour("edge")}`, boxShadow: "none" },
        ".Label": { fontWeight: "600", color: colour("ink") },
      },
    };
  };

  // The card page. The card stays in the processor's frame; what we post is its token.
  const pay = document.querySelector("form[data-pay]");
  if (pay) {
    const button = pay.querySelector("[data-pay-button]");
    const status = pay.querySelector("[data-pay-status]");
    const errors = document.querySelector("[data-pay-errors]");
    const title = document.title;
    let busy = false;
    let elements = null;
    const stripe = window.Stripe && window.Stripe(pay.dataset.pay, { locale: pay.dataset.language });
    const say = (name) => document.dispatchEvent(new Event(`portal:${name}`));
    const clear = () => {
      errors.hidden = true;
      document.title = title.replace(pay.dataset.error, "");
      for (const mark of pay.querySelectorAll("[data-pay-problem]")) mark.remove();
      for (const field of pay.querySelectorAll("[aria-invalid]")) {
        field.removeAttribute("aria-invalid");
        field.removeAttribute("aria-describedby");
      }
    };
    const idle = () => {
      busy = false;
      button.removeAttribute("aria-disabled");
      status.textContent = "";
      say("idle");
    };
    const show = (problems) => {
      idle();
      const list = errors.querySelector("ul");
      list.replaceChildren();
      for (const problem of problems) {
        const item = list.appendChild(document.createElement("li"));
        const field = problem.field && document.getElementById(problem.field);
        if (!field) { item.textContent = problem.sentence; continue; }
        const link = item.appendChild(document.createElement("a"));
        link.href = `#${problem.field}`;
        link.textContent = problem.sentence;
        const mark = document.createElement("p");
        mark.className = "problem";
        mark.id = `${problem.field}-problem`;
        mark.dataset.payProblem = "";
        mark.textContent = problem.sentence;
        field.before(mark);
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", mark.id);
      }
      errors.hidden = false;
      document.title = pay.dataset.error + title.replace(pay.dataset.error, "");
      errors.focus();
    };
    const value = (name) => pay.elements[name].value.trim();
    const post = async (address, more) => {
      const body = new URLSearchParams(new FormData(pay));
      for (const [name, text] of Object.entries(more || {})) body.set(name, text);
      return fetch(address, { method: "POST", body, headers: { accept: "application/json" } });
    };
    const send = async () => {
      const checked = await elements.submit();
      if (checked.error) { idle(); return; }
      const made = await stripe.createConfirmationToken({
        elements,
        params: {
          return_url: pay.dataset.returnUrl,
          payment_method_data: { billing_details: {
            name: value("name"), email: value("email"), phone: value("phone"),
            address: {
              line1: value("address1"), line2: value("address2"), city: value("city"),
              state: value("state"), postal_code: value("zip"), country: "US",
            },
          } },
        },
      });
      if (made.error) { show([{ sentence: made.error.message, field: "" }]); return; }
      let told;
      try {
        told = await (await post(pay.action, { token: made.confirmationToken.id })).json();
      } catch {
        // Sent, and no answer: the server knows or will ask. It must not be sent again from here.
        status.textContent = pay.dataset.lost;
        whenReached(() => window.location.assign(pay.dataset.return));
        return;
      }
      if (told.problems) { show(told.problems); return; }
      if (told.secret) {
        await stripe.handleNextAction({ clientSecret: told.secret });
        told.go = pay.dataset.return;
      }
      window.location.assign(told.go);
    };
    if (stripe) {
      const amount = Number(pay.dataset.amount);
      elements = stripe.elements({
        mode: "payment", amount, currency: "usd", paymentMethodTypes: ["card"],
        appearance: appearance(),
      });
      dark.addEventListener("change", () => elements.update({ appearance: appearance() }));
      const element = elements.create("payment", { fields: { billingDetails: "never" } });
      element.on("loaderror", () => { status.textContent = pay.dataset.blocked; });
      element.mount(pay.querySelector("[data-pay-element]"));
    } else {
      status.textContent = pay.dataset.blocked;
      button.setAttribute("aria-disabled", "true");
    }
    pay.addEventListener("submit", (event) => {
      event.preventDefault();
      if (busy || !elements) return;
      busy = true;
      clear();
      button.setAttribute("aria-disabled", "true");
      status.textContent = pay.dataset.sending;
      say("confirming");
      send().catch(() => { idle(); status.textContent = pay.dataset.blocked; });
    });
    pay.addEventListener("change", () => { if (!busy) post(pay.dataset.keep).catch(() => {}); });
    // Back out of the receipt: the page of a paid cart must not be shown from memory.
    window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
  }
})();
