// What the page does in the browser itself: paste, seek, language, what a screen reader is told. Loaded once, from this server.
(() => {
  const player = () => document.querySelector("#clip video");

  // Move the clip, the plot's line and its slider to a moment (in seconds).
  window.lensSeek = (seconds) => {
    const video = player();
    if (video && Math.abs(video.currentTime - seconds) > 0.01) video.currentTime = seconds;
    document.querySelectorAll(".lens-timeline").forEach((section) => {
      const last = parseFloat(section.dataset.last) || 1;
      const x = 34 + (720 - 34 - 8) * Math.min(Math.max(seconds / last, 0), 1);
      const line = section.querySelector(".lens-now");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const slider = section.querySelector("input[type=range]");
      if (document.activeElement !== slider) slider.value = seconds;
    });
  };

  // A click or drag on the plot.
  window.lensPlot = (event) => {
    const svg = event.currentTarget || event.target.closest("svg");
    const box = svg.getBoundingClientRect();
    const last = parseFloat(svg.closest(".lens-timeline").dataset.last) || 1;
    const x = ((event.clientX - box.left) / box.width) * 720;
    window.lensSeek(Math.min(Math.max((x - 34) / (720 - 34 - 8), 0), 1) * last);
  };

  // While the clip plays, the plot's line goes along.
  document.addEventListener("timeupdate", (event) => {
    if (event.target === player()) window.lensSeek(event.target.currentTime);
  }, true);

  // Ctrl+V anywhere outside a text field gives the pasted pictures to the upload field.
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

  const goTo = (place, block) => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ block, behavior: still ? "auto" : "smooth" });
  };

  // A button that is pressed by keyboard and then cannot be pressed any more would leave whoever pressed it nowhere.
  const follow = (from, to) => {
    const pressed = document.activeElement;
    if (!pressed || !pressed.matches(from) || !pressed.matches(":focus-visible")) return;
    setTimeout(() => { // once the buttons have changed, and not so soon that a second press meets the other one
      const next = document.querySelector(to);
      if (next && (document.activeElement === document.body || document.activeElement === pressed)) next.focus();
    }, 400);
  };
  window.lensBegin = () => follow("#analyse", "#stop");

  // On a narrow screen the answer is below everything that was asked: go there, so that nobody waits for what has come already.
  window.lensArrive = () => {
    follow("#stop", "#analyse");
    const answer = document.querySelector("#headline");
    const top = answer ? answer.getBoundingClientRect().top : 0;
    if (top < 0 || top > window.innerHeight * 0.6) goTo(answer, "start");
  };

  // What a deletion says may be out of sight, for the page has become shorter or longer above it.
  window.lensDeleted = () => setTimeout(() => { // once the page has been drawn anew
    const place = document.querySelector("#deleted"), box = place.getBoundingClientRect();
    if (box.top < 0 || box.bottom > window.innerHeight) goTo(place, "center");
  }, 100);

  // Another link in the same tab is another result: the page begins anew.
  window.addEventListener("hashchange", () => document.querySelector("#receipt") && location.reload());

  // A link to another language takes the receipt along, and leaves an answer where it stands.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest(".lens-title a[hreflang]");
    if (!link) return;
    if (document.querySelector("#receipt")) link.hash = location.hash;
    link.target = [...document.querySelectorAll("#link :is(input, textarea)")].some((field) => field.value) ? "_blank" : "";
  });

  // What changes after an answer is read out; only these, not the progress beside them, which changes many times a second.
  const told = "#headline .html-container, #record .html-container, #thanks, #deleted";
  const mend = () => {
    document.querySelectorAll(told).forEach((place) => {
      if (!place.hasAttribute("aria-live")) place.setAttribute("aria-live", "polite");
    });
    // Gradio calls its thumbnails by number, and its hidden button for downloads can be reached by Tab.
    document.querySelectorAll("#examples .thumbnail-item").forEach((button) => {
      const caption = button.querySelector(".caption-label");
      if (caption && button.getAttribute("aria-label") !== caption.textContent) button.setAttribute("aria-label", caption.textContent);
    });
    document.querySelectorAll("#report-file, #report-file :is(a, button)").forEach((hidden) => {
      if (hidden.tabIndex !== -1) hidden.tabIndex = -1;
    });
  };
  new MutationObserver(mend).observe(document.documentElement, { childList: true, subtree: true });

  document.documentElement.lang = location.pathname.replace(/\/+$/, "").endsWith("/zh") ? "zh" : "en";
})();
