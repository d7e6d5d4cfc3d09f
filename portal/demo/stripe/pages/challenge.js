// What a bank's page does: ask the card holder, tell the network, then the page that waits.
(() => {
  "use strict";
  const hash = new URLSearchParams(location.hash.slice(1));
  const language = hash.get("locale") === "es" ? "es" : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.dataset[language];
  const answer = async (word) => {
    for (const button of document.querySelectorAll("button")) button.disabled = true;
    const address = new URL(location.href);
    address.hash = "";
    address.searchParams.set("answer", word);
    await fetch(address, { method: "POST" });
    parent.postMessage({ standin: "challenge", type: "done" }, hash.get("parent"));
  };
  document.getElementById("pass").addEventListener("click", () => answer("passed"));
  document.getElementById("fail").addEventListener("click", () => answer("failed"));
  document.getElementById("pass").focus();
})();
