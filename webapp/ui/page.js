// Behaviour of the public pages in the browser: paste, seek, language links, focus and announcements.
(() => {
  const player = () => document.querySelector("#clip video");
  const clamp = (share) => Math.min(Math.max(share, 0), 1);

  // Time axis of a chart: its end in seconds, and its ends in units of the drawing.
  const scaleOf = (section) => {
    const [last, left, right] = ["last", "left", "right"].map((name) => parseFloat(section.dataset[name]));
    return { last: last || 1, left, right };
  };

  // Move the video, the line in the chart and its slider to a time in seconds.
  window.lensSeek = (seconds) => {
    const video = player();
    if (video && Math.abs(video.currentTime - seconds) > 0.01) video.currentTime = seconds;
    document.querySelectorAll(".lens-timeline").forEach((section) => {
      const { last, left, right } = scaleOf(section);
      const x = left + (right - left) * clamp(seconds / last);
      const line = section.querySelector(".lens-now");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const slider = section.querySelector("input[type=range]");
      if (document.activeElement !== slider) slider.value = seconds;
    });
  };

  // Seek to the place of a click or drag on the chart.
  window.lensPlot = (event) => {
    const svg = event.currentTarget || event.target.closest("svg");
    const box = svg.getBoundingClientRect();
    const { last, left, right } = scaleOf(svg.closest(".lens-timeline"));
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    window.lensSeek(clamp((x - left) / (right - left)) * last);
  };

  // The line in the chart follows the playing video.
  document.addEventListener("timeupdate", (event) => {
    if (event.target === player()) window.lensSeek(event.target.currentTime);
  }, true);

  // Ctrl+V outside a text field uploads the pasted images.
  document.addEventListener("paste", (event) => {
    if (event.target.closest && event.target.closest("textarea, input[type=text]")) return;
    const files = [...((event.clipboardData && event.clipboardData.files) || [])];
    const input = document.querySelector("#file input[type=file]");
    if (!files.length || !input) return;
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    event.preventDefault();
  });

  const scrollTo = (place, block) => {
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ block, behavior: reducedMotion ? "auto" : "smooth" });
  };

  // Milliseconds before the focus moves. By then the buttons have changed, and a second press of the same key
  // does not reach the new button.
  const FOCUS_DELAY = 400;
  // Milliseconds after which Gradio has drawn the page again.
  const DRAW_DELAY = 100;

  // A button that is disabled after a key press loses the focus. Move it to the button that replaces it.
  const moveFocus = (from, to) => {
    const pressed = document.activeElement;
    if (!pressed || !pressed.matches(from) || !pressed.matches(":focus-visible")) return;
    setTimeout(() => {
      const next = document.querySelector(to);
      const focused = document.activeElement;
      const isFocusFree = focused === document.body || focused === pressed;
      if (next && isFocusFree) next.focus();
    }, FOCUS_DELAY);
  };
  window.lensBegin = () => moveFocus("#analyse", "#stop");

  // On a narrow screen the result is below the form, so scroll to it.
  window.lensArrive = () => {
    moveFocus("#stop", "#analyse");
    const headline = document.querySelector("#headline");
    const top = headline ? headline.getBoundingClientRect().top : 0;
    if (top < 0 || top > window.innerHeight * 0.6) scrollTo(headline, "start");
  };

  // The button of the overlay clip loses the focus while the clip is drawn, and then disappears. If it was
  // pressed by key, the player takes the focus, or the button again after a failure.
  let clipByKey = false;
  window.lensDrawClip = () => { clipByKey = document.querySelector("#make-clip:focus-visible") !== null; };
  window.lensClipDrawn = () => setTimeout(() => {
    const next = document.querySelector("#clip :is(button, input)") || document.querySelector("#make-clip");
    if (clipByKey && next && document.activeElement === document.body) next.focus();
    clipByKey = false;
  }, DRAW_DELAY);

  // A deletion changes the height of the page, so its message may be out of sight.
  window.lensDeleted = () => setTimeout(() => {
    const message = document.querySelector("#deleted");
    const box = message.getBoundingClientRect();
    if (box.top < 0 || box.bottom > window.innerHeight) scrollTo(message, "center");
  }, DRAW_DELAY);

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

  // Screen readers announce these, but not the progress beside them, which changes many times per second.
  const ANNOUNCED = "#headline .html-container, #stored-result .html-container, #thanks, #deleted";
  const fixAccessibility = () => {
    document.querySelectorAll(ANNOUNCED).forEach((place) => {
      if (!place.hasAttribute("aria-live")) place.setAttribute("aria-live", "polite");
    });
    // Gradio labels its thumbnails by number
    document.querySelectorAll("#examples .thumbnail-item").forEach((button) => {
      const caption = button.querySelector(".caption-label");
      if (caption && button.getAttribute("aria-label") !== caption.textContent) {
        button.setAttribute("aria-label", caption.textContent);
      }
    });
    // Gradio lets the Tab key reach a hidden download button
    document.querySelectorAll("#report-file, #report-file :is(a, button)").forEach((hidden) => {
      if (hidden.tabIndex !== -1) hidden.tabIndex = -1;
    });
  };
  const wholeTree = { childList: true, subtree: true };
  new MutationObserver(fixAccessibility).observe(document.documentElement, wholeTree);

  // Chinese pages have the addresses /zh and /receipt-zh
  document.documentElement.lang = /[/-]zh\/*$/.test(location.pathname) ? "zh" : "en";
})();
