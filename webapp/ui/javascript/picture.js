// Picture of a result: strength and extent of the heatmap, zoom, pan, and the way from a box to its card.
(() => {
  const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
  // A box that is narrower than this, in CSS pixels, is enlarged when its card asks for it.
  const LEGIBLE = 72;
  const viewOf = (element) => element.closest(".lens-view");
  const viewportOf = (element) => element.closest(".lens-zoomable").querySelector(".lens-viewport");
  const within = (event, selector) => event.target.closest && event.target.closest(selector);

  // Sliders and checkboxes below the picture.
  document.addEventListener("input", (event) => {
    const control = within(event, ".lens-view [data-sets]");
    if (!control) return;
    const name = control.dataset.sets;
    const value = name === "heat" ? control.value / 100 : `${control.value}%`;
    viewOf(control).style.setProperty(`--${name}`, value);
  });
  document.addEventListener("change", (event) => {
    const box = within(event, ".lens-view input[type=checkbox]");
    if (!box) return;
    if (box.dataset.hides) viewOf(box).classList.toggle(box.dataset.hides, !box.checked);
    if (box.dataset.shows) viewOf(box).classList.toggle(box.dataset.shows, box.checked);
  });

  // The divider between original and heatmap moves with the pointer and takes its slider along.
  let divided = null;
  const moveDivider = (event) => {
    const place = divided.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - place.left) / place.width, 0), 1);
    const slider = viewOf(divided).querySelector("[data-sets=split]");
    slider.value = Math.round(share * 100);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };

  // Zoom about the middle of the viewport, or about a point in shares of the picture.
  const setZoom = (viewport, zoom, point) => {
    const middle = point || {
      x: (viewport.scrollLeft + viewport.clientWidth / 2) / viewport.scrollWidth,
      y: (viewport.scrollTop + viewport.clientHeight / 2) / viewport.scrollHeight,
    };
    viewport.style.setProperty("--zoom", zoom);
    viewport.classList.toggle("lens-zoomed", zoom > 1);
    viewport.scrollLeft = middle.x * viewport.scrollWidth - viewport.clientWidth / 2;
    viewport.scrollTop = middle.y * viewport.scrollHeight - viewport.clientHeight / 2;
  };
  const zoomOf = (viewport) => parseFloat(viewport.style.getPropertyValue("--zoom")) || 1;
  const stepZoom = (viewport, step, point) => {
    const now = zoomOf(viewport);
    const larger = ZOOMS.find((zoom) => zoom > now) || ZOOMS.at(-1);
    const smaller = ZOOMS.findLast((zoom) => zoom < now) || 1;
    setZoom(viewport, step > 0 ? larger : step < 0 ? smaller : 1, point);
  };
  const pointIn = (viewport, event) => {
    const place = viewport.querySelector(".lens-stage").getBoundingClientRect();
    return { x: (event.clientX - place.left) / place.width, y: (event.clientY - place.top) / place.height };
  };

  let panned = null;
  document.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const divider = within(event, ".lens-divider");
    if (divider) {
      divided = divider.closest(".lens-stage");
      event.preventDefault();
      return;
    }
    // Fingers pan by the browser's own scrolling.
    const viewport = within(event, ".lens-viewport.lens-zoomed");
    if (!viewport || event.pointerType !== "mouse" || within(event, ".lens-box")) return;
    panned = { viewport, x: event.clientX + viewport.scrollLeft, y: event.clientY + viewport.scrollTop };
    event.preventDefault();
  });
  document.addEventListener("pointermove", (event) => {
    if (divided) moveDivider(event);
    if (panned) panned.viewport.scrollTo(panned.x - event.clientX, panned.y - event.clientY);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => { divided = panned = null; });
  }
  document.addEventListener("dblclick", (event) => {
    const viewport = within(event, ".lens-viewport");
    if (viewport && !within(event, ".lens-divider")) stepZoom(viewport, 1, pointIn(viewport, event));
  });

  const behavior = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

  const showCard = (number) => {
    const card = document.getElementById(`face-${number}`);
    if (!card) return;
    const folded = card.closest("details:not([open])");
    if (folded) folded.querySelector("summary").click();
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "center", behavior: behavior() });
  };

  const showBox = (number) => {
    const box = document.querySelector(`#picture .lens-box[data-face="${number}"]`);
    if (!box) return;
    const viewport = viewportOf(box);
    const shares = ["left", "top", "width", "height"].map((name) => parseFloat(box.style[name]) / 100);
    const [left, top, width, height] = shares;
    const legible = ZOOMS.find((zoom) => width * viewport.clientWidth * zoom >= LEGIBLE) || ZOOMS.at(-1);
    setZoom(viewport, legible, { x: left + width / 2, y: top + height / 2 });
    choose(box);
    box.focus({ preventScroll: true });
    viewport.scrollIntoView({ block: "center", behavior: behavior() });
  };

  // One box at a time is in the order of the Tab key; the arrow keys go to the others.
  const choose = (box) => {
    box.closest(".lens-stage").querySelectorAll(".lens-box").forEach((other) => { other.tabIndex = -1; });
    box.tabIndex = 0;
  };

  document.addEventListener("click", (event) => {
    const box = within(event, ".lens-box[data-face]");
    if (box) showCard(box.dataset.face);
    const button = within(event, ".lens-to-box");
    if (button) showBox(button.dataset.face);
    const zoom = within(event, "[data-zoom]");
    if (zoom) stepZoom(viewportOf(zoom), Number(zoom.dataset.zoom));
  });

  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = within(event, ".lens-box[data-face]");
    if (box && STEPS[event.key]) {
      const boxes = [...box.closest(".lens-stage").querySelectorAll(".lens-box")];
      const next = boxes[(boxes.indexOf(box) + STEPS[event.key] + boxes.length) % boxes.length];
      choose(next);
      next.focus();
      event.preventDefault();
      return;
    }
    const viewport = within(event, ".lens-viewport");
    if (!viewport || !"+-=0".includes(event.key)) return;
    stepZoom(viewport, event.key === "-" ? -1 : event.key === "0" ? 0 : 1);
    event.preventDefault();
  });

  // Gradio removes the attribute `open` when it updates the cards after the stability check. What the visitor
  // opened stays open until the next analysis.
  const opened = new Set();
  document.addEventListener("click", (event) => {
    if (within(event, "#analyse")) opened.clear();
    const summary = within(event, "#faces summary");
    const part = summary && summary.closest("details[data-keep]");
    if (part) opened[part.open ? "delete" : "add"](part.dataset.keep);
  });
  const reopen = () => {
    for (const part of document.querySelectorAll("#faces details[data-keep]:not([open])")) {
      if (opened.has(part.dataset.keep)) part.open = true;
    }
  };
  new MutationObserver(reopen).observe(document.documentElement, { childList: true, subtree: true });
})();
