// Region painting over an image by pointer and keyboard, for the public page and the desk.
window.lensPainting = (canvas, colour) => {
  // A pixel with more than this alpha counts as painted
  const PAINTED_ALPHA = 127;
  let stroke = null, box = null;

  const brush = () => {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = context.strokeStyle = colour;
    context.lineCap = context.lineJoin = "round";
    return context;
  };

  const pointOf = (event) => {
    const place = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - place.left) / place.width) * canvas.width,
      y: ((event.clientY - place.top) / place.height) * canvas.height,
    };
  };

  const clear = () => {
    brush().clearRect(0, 0, canvas.width, canvas.height);
    stroke = box = null;
  };

  // Begin a stroke. `tool` is paint, erase or box; `size` is the width of the brush in pixels of the canvas.
  const start = (event, tool, size) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const from = pointOf(event);
    const before = brush().getImageData(0, 0, canvas.width, canvas.height);
    stroke = { tool, size, from, last: from, before };
    box = null;
    move(event);
  };

  // Continue the stroke. Returns false if there is none.
  const move = (event) => {
    if (!stroke) return false;
    const context = brush();
    const to = pointOf(event);
    if (stroke.tool === "box") {
      context.putImageData(stroke.before, 0, 0);
      context.fillRect(stroke.from.x, stroke.from.y, to.x - stroke.from.x, to.y - stroke.from.y);
    } else {
      context.globalCompositeOperation = stroke.tool === "erase" ? "destination-out" : "source-over";
      context.lineWidth = stroke.size;
      context.beginPath();
      context.moveTo(stroke.last.x, stroke.last.y);
      // A click without movement leaves a dot
      context.lineTo(to.x + 0.01, to.y);
      context.stroke();
      context.globalCompositeOperation = "source-over";
    }
    stroke.last = to;
    return true;
  };

  // End the stroke. Returns false if there is none.
  const end = () => {
    const hadStroke = stroke !== null;
    stroke = null;
    return hadStroke;
  };

  // Draw a box [x1, y1, x2, y2] in pixels of the canvas, which `nudge` can move and resize.
  const mark = ([x1, y1, x2, y2]) => {
    box = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, step: Math.max((x2 - x1) / 12, 1) };
    drawBox();
  };

  // Change x, y, width or height of the box by a number of steps each. Returns false if there is no box.
  const nudge = (change) => {
    if (!box) return false;
    for (const [name, steps] of Object.entries(change)) box[name] += steps * box.step;
    box.width = Math.max(box.width, box.step);
    box.height = Math.max(box.height, box.step);
    drawBox();
    return true;
  };

  const drawBox = () => {
    const context = brush();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillRect(box.x, box.y, box.width, box.height);
  };

  // Return the run-length code of unpainted and painted pixels in reading order, null if nothing is painted.
  const region = () => {
    const { width, height } = canvas;
    if (!width || !height) return null;
    const bytes = brush().getImageData(0, 0, width, height).data;
    const runs = [];
    let isRunPainted = false;
    let hasPaint = false;
    let length = 0;
    // The alpha of a pixel is the last of its four bytes.
    for (let index = 3; index < bytes.length; index += 4) {
      const isPainted = bytes[index] > PAINTED_ALPHA;
      if (isPainted !== isRunPainted) {
        runs.push(length);
        length = 0;
        isRunPainted = isPainted;
      }
      hasPaint = hasPaint || isPainted;
      length += 1;
    }
    runs.push(length);
    return hasPaint ? { width, height, runs } : null;
  };

  // Draw a result of `region`. Setting the size empties the canvas.
  const draw = (code) => {
    Object.assign(canvas, { width: code.width, height: code.height });
    const context = brush();
    let place = 0;
    code.runs.forEach((length, number) => {
      for (let left = number % 2 ? length : 0, at = place; left > 0; ) {
        const x = at % code.width, run = Math.min(left, code.width - x);
        context.fillRect(x, Math.floor(at / code.width), run, 1);
        at += run;
        left -= run;
      }
      place += length;
    });
  };

  return { start, move, end, mark, nudge, clear, region, draw };
};
