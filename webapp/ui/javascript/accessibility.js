// Names and roles that Gradio's components lack.
(() => {
  // Screen readers announce these, but not the progress beside them, which changes many times per second.
  const ANNOUNCED =
    ":is(#headline, #stored-head, #stored-details) .html-container, #thanks, #deleted";
  // Gradio names every drop zone so, in English and whatever words it shows.
  const UNNAMED = "button[aria-label='Click to upload or drop files']:has([data-testid='upload-text'])";
  const nameDropZone = (zone) => {
    const place = zone.closest(".block");
    const content = getComputedStyle(zone.querySelector("[data-testid='upload-text']"), "::after").content;
    // The style sheet with our words may come later; the next change of the page tries again.
    if (!content.startsWith('"')) return;
    const words = JSON.parse(content);
    const label = place?.querySelector("[data-testid='block-label']")?.innerText.trim();
    zone.setAttribute("aria-label", label ? `${label}: ${words}` : words);
  };
  const fixAccessibility = () => {
    document.querySelectorAll(UNNAMED).forEach(nameDropZone);
    document.querySelectorAll(ANNOUNCED).forEach((place) => {
      if (!place.hasAttribute("aria-live")) place.setAttribute("aria-live", "polite");
    });
    // Gradio lets the Tab key reach a hidden download button
    document.querySelectorAll("#report-file, #report-file :is(a, button)").forEach((hidden) => {
      if (hidden.tabIndex !== -1) hidden.tabIndex = -1;
    });
  };
  const wholeTree = { childList: true, subtree: true };
  new MutationObserver(fixAccessibility).observe(document.documentElement, wholeTree);
  addEventListener("load", fixAccessibility);
})();
