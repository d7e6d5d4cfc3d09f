// What the server-drawn pages do beyond HTML: show a password, focus what is wrong, count down.
(() => {
  "use strict";
  const all = (selector) => Array.from(document.querySelectorAll(selector));

  document.documentElement.dataset.live = "";
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();

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
      if (left === 0 && !held) window.location.assign(clock.dataset.expired);
    };
    document.addEventListener("portal:confirming", () => { held = true; });
    document.addEventListener("portal:idle", () => { held = false; last = -1; });
    if (dialog) dialog.addEventListener("close", () => { if (back) back.focus(); });
    if (more) {
      more.addEventListener("click", async () => {
        const body = new URLSearchParams({ csrf: more.dataset.token });
        try {
          const answer = await fetch(more.dataset.clockMore, { method: "POST", body });
          if (!answer.ok) throw new Error("refused");
          start((await answer.json()).seconds);
          dialog.close();
        } catch {
          window.location.assign(clock.dataset.expired);
        }
      });
    }
    start(Number(clock.dataset.clock));
    tick();
    setInterval(tick, 250);
    document.addEventListener("visibilitychange", tick);
  }
})();
