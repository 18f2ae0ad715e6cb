// Examples: no choice during an analysis, whose answer would replace the example's.
(() => {
  const EXAMPLE = "#examples .lens-example";
  const isRunning = () => document.querySelector("#stop:not([disabled])") !== null;

  // The buttons keep the focus and their place in the order of the Tab key.
  // Screen readers announce that they are unavailable.
  const mark = () => {
    const value = isRunning() ? "true" : null;
    document.querySelectorAll(EXAMPLE).forEach((button) => {
      if (button.getAttribute("aria-disabled") === value) return;
      if (value) button.setAttribute("aria-disabled", value);
      else button.removeAttribute("aria-disabled");
    });
  };

  // A press by mouse, finger, Enter or Space is a click. Gradio must not see it.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(EXAMPLE) || !isRunning()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] };
  new MutationObserver(mark).observe(document.documentElement, changes);
})();
