// Region that a vote is about, painted over the result's image. It stays in the browser until the vote is
// sent.
(() => {
  const PAINT_COLOUR = "#ffd400";
  // Longer side of the canvas in pixels.
  const SIDE = 512;
  // Width of the brush as a share of the largest face.
  const BRUSH = 1 / 9;
  const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
  let image = null, painting = null, boxedFace = -1;

  const sheet = () => document.querySelector(".lens-mark");
  const shownImage = () => document.querySelector("#picture .lens-stage img");

  // Clear the canvas and put the new image under it when another result is shown.
  const follow = () => {
    const place = sheet(), current = shownImage();
    if (!place || !current || (image === current && place.dataset.ready)) return;
    const ratio = parseFloat(current.closest(".lens-stage").style.getPropertyValue("--ratio")) || 1;
    const canvas = place.querySelector("canvas");
    canvas.width = Math.round(SIDE * Math.min(ratio, 1));
    canvas.height = Math.round(SIDE / Math.max(ratio, 1));
    place.style.setProperty("--ratio", ratio);
    place.querySelector("img").src = current.src;
    place.dataset.ready = "yes";
    image = current;
    painting = window.lensPainting(canvas, PAINT_COLOUR);
    boxedFace = -1;
    updateStatus();
  };

  const updateStatus = () => {
    const status = sheet().querySelector("[role=status]");
    status.textContent = painting.region() ? status.dataset.some : status.dataset.none;
  };

  // Return the boxes of all faces in pixels of the canvas.
  const boxes = () => {
    const { width, height } = sheet().querySelector("canvas");
    return [...document.querySelectorAll("#picture .lens-box")].map(({ style }) => {
      const shares = [style.left, style.top, style.width, style.height];
      const [x, y, w, h] = shares.map((share) => parseFloat(share) / 100);
      return [x * width, y * height, (x + w) * width, (y + h) * height];
    });
  };

  const brushSize = () => {
    const { width } = sheet().querySelector("canvas");
    const faces = boxes().map(([x1, y1, x2, y2]) => Math.max(x2 - x1, y2 - y1));
    return Math.max((faces.length ? Math.max(...faces) : width / 3) * BRUSH, 4);
  };

  const nextBox = () => {
    const { width, height } = sheet().querySelector("canvas"), faces = boxes();
    boxedFace = (boxedFace + 1) % Math.max(faces.length, 1);
    painting.mark(faces[boxedFace] || [width / 4, height / 4, (3 * width) / 4, (3 * height) / 4]);
  };

  document.addEventListener("pointerdown", (event) => {
    if (!painting || event.button !== 0 || !event.target.matches(".lens-mark canvas")) return;
    painting.start(event, "paint", brushSize());
  });
  document.addEventListener("pointermove", (event) => painting && painting.move(event));
  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, () => painting && painting.end() && updateStatus());
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".lens-mark button");
    if (!button || !painting) return;
    if (button.dataset.do === "box") nextBox();
    else painting.clear();
    updateStatus();
  });

  document.addEventListener("keydown", (event) => {
    if (!painting || !ARROWS[event.key] || !event.target.closest(".lens-mark")) return;
    const [axis, step] = ARROWS[event.key];
    const side = axis === "x" ? "width" : "height";
    if (painting.nudge({ [event.shiftKey ? side : axis]: step })) event.preventDefault();
  });

  new MutationObserver(follow).observe(document.documentElement, { childList: true, subtree: true });

  // Return the painted region as JSON, "" if nothing is painted on the image that is shown.
  window.lensRegion = () => {
    const region = painting && image === shownImage() ? painting.region() : null;
    return region ? JSON.stringify(region) : "";
  };
})();
