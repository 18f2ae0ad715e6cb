// The place that a vote means, painted over the answer's picture. It stays in the browser until the vote is sent, and goes with it.
(() => {
  const SIDE = 512; // of the painted shape, in pixels
  const BRUSH = 1 / 9; // of the largest face
  const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
  let about = null, ink = null, boxed = -1;

  const sheet = () => document.querySelector(".lens-mark");
  const shown = () => document.querySelector("#picture .lens-stage img");

  // Another answer gets a clean sheet.
  const follow = () => {
    const place = sheet(), picture = shown();
    if (!place || !picture || (about === picture && place.dataset.ready)) return;
    const ratio = parseFloat(picture.closest(".lens-stage").style.getPropertyValue("--ratio")) || 1;
    const canvas = place.querySelector("canvas");
    Object.assign(canvas, { width: Math.round(SIDE * Math.min(ratio, 1)), height: Math.round(SIDE / Math.max(ratio, 1)) });
    place.style.setProperty("--ratio", ratio);
    place.querySelector("img").src = picture.src;
    place.dataset.ready = "yes";
    [about, ink, boxed] = [picture, window.lensInk(canvas, "#ffd400"), -1];
    told();
  };

  const told = () => {
    const words = sheet().querySelector("[role=status]");
    words.textContent = ink.region() ? words.dataset.some : words.dataset.none;
  };

  // The faces' boxes in pixels of the sheet.
  const boxes = () => {
    const { width, height } = sheet().querySelector("canvas");
    return [...document.querySelectorAll("#picture .lens-box")].map(({ style }) => {
      const [x, y, w, h] = [style.left, style.top, style.width, style.height].map((share) => parseFloat(share) / 100);
      return [x * width, y * height, (x + w) * width, (y + h) * height];
    });
  };

  const brush = () => {
    const { width } = sheet().querySelector("canvas");
    const faces = boxes().map(([x1, y1, x2, y2]) => Math.max(x2 - x1, y2 - y1));
    return Math.max((faces.length ? Math.max(...faces) : width / 3) * BRUSH, 4);
  };

  const nextBox = () => {
    const { width, height } = sheet().querySelector("canvas"), faces = boxes();
    boxed = (boxed + 1) % Math.max(faces.length, 1);
    ink.mark(faces[boxed] || [width / 4, height / 4, (3 * width) / 4, (3 * height) / 4]);
  };

  document.addEventListener("pointerdown", (event) => {
    if (!ink || event.button !== 0 || !event.target.matches(".lens-mark canvas")) return;
    ink.start(event, "paint", brush());
  });
  document.addEventListener("pointermove", (event) => ink && ink.move(event));
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => ink && ink.end() && told());

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest(".lens-mark button");
    if (!button || !ink) return;
    if (button.dataset.do === "box") nextBox();
    else ink.clear();
    told();
  });

  document.addEventListener("keydown", (event) => {
    if (!ink || !ARROWS[event.key] || !event.target.closest(".lens-mark")) return;
    const [name, by] = ARROWS[event.key];
    if (ink.nudge({ [event.shiftKey ? (name === "x" ? "width" : "height") : name]: by })) event.preventDefault();
  });

  new MutationObserver(follow).observe(document.documentElement, { childList: true, subtree: true });

  // As text; empty where nothing is painted on the picture that is shown.
  window.lensRegion = () => {
    const found = ink && about === shown() ? ink.region() : null;
    return found ? JSON.stringify(found) : "";
  };
})();
