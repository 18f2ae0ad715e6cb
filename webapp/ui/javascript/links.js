// Links to results and to the page's other languages.
(() => {
  // A different link in the same tab shows a different result.
  window.addEventListener("hashchange", () => document.querySelector("#receipt") && location.reload());

  // A link to another language keeps the receipt. It opens a new tab if this one shows a result.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest(".lens-title a[hreflang]");
    if (!link) return;
    if (document.querySelector("#receipt")) link.hash = location.hash;
    const fields = [...document.querySelectorAll("#link :is(input, textarea)")];
    link.target = fields.some((field) => field.value) ? "_blank" : "";
  });
})();
