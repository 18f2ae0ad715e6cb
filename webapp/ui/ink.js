// Painting a place over a picture, by pointer and by keyboard; on the visitor's page and on the desk.
window.lensInk = (canvas, colour) => {
  const KNEE = 127; // of an alpha: from there on a pixel counts as painted
  let stroke = null, marked = null;

  const ink = () => {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = context.strokeStyle = colour;
    context.lineCap = context.lineJoin = "round";
    return context;
  };

  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: ((event.clientX - box.left) / box.width) * canvas.width, y: ((event.clientY - box.top) / box.height) * canvas.height };
  };

  const clear = () => {
    ink().clearRect(0, 0, canvas.width, canvas.height);
    stroke = marked = null;
  };

  // `tool`: paint, erase or box; `size`: the brush's width in pixels of the canvas.
  const start = (event, tool, size) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const from = pointOf(event);
    stroke = { tool, size, from, last: from, before: ink().getImageData(0, 0, canvas.width, canvas.height) };
    marked = null;
    move(event);
  };

  // Whether a stroke is under way.
  const move = (event) => {
    if (!stroke) return false;
    const context = ink(), to = pointOf(event);
    if (stroke.tool === "box") {
      context.putImageData(stroke.before, 0, 0);
      context.fillRect(stroke.from.x, stroke.from.y, to.x - stroke.from.x, to.y - stroke.from.y);
    } else {
      context.globalCompositeOperation = stroke.tool === "erase" ? "destination-out" : "source-over";
      context.lineWidth = stroke.size;
      context.beginPath();
      context.moveTo(stroke.last.x, stroke.last.y);
      context.lineTo(to.x + 0.01, to.y); // a point, too, leaves a dot
      context.stroke();
      context.globalCompositeOperation = "source-over";
    }
    stroke.last = to;
    return true;
  };

  // Whether a stroke has ended.
  const end = () => {
    const ended = stroke !== null;
    stroke = null;
    return ended;
  };

  // A box [x1, y1, x2, y2], in pixels of the canvas, that arrows then move and resize.
  const mark = ([x1, y1, x2, y2]) => {
    marked = { x: x1, y: y1, width: x2 - x1, height: y2 - y1, step: Math.max((x2 - x1) / 12, 1) };
    drawMarked();
  };

  // `change`: steps by which x, y, width or height of the box grow. Whether there is one.
  const nudge = (change) => {
    if (!marked) return false;
    for (const [name, steps] of Object.entries(change)) marked[name] += steps * marked.step;
    marked.width = Math.max(marked.width, marked.step);
    marked.height = Math.max(marked.height, marked.step);
    drawMarked();
    return true;
  };

  const drawMarked = () => {
    const context = ink();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillRect(marked.x, marked.y, marked.width, marked.height);
  };

  // Runs of unpainted and painted pixels in reading order; null where nothing is painted.
  const region = () => {
    const { width, height } = canvas;
    if (!width || !height) return null;
    const pixels = ink().getImageData(0, 0, width, height).data, runs = [];
    let on = false, length = 0, any = false;
    for (let place = 3; place < pixels.length; place += 4) {
      const here = pixels[place] > KNEE;
      if (here !== on) {
        runs.push(length);
        length = 0;
        on = here;
      }
      any = any || here;
      length += 1;
    }
    runs.push(length);
    return any ? { width, height, runs } : null;
  };

  // Show a region that `region` gave.
  const draw = (given) => {
    Object.assign(canvas, { width: given.width, height: given.height }); // which empties it
    const context = ink();
    let place = 0;
    given.runs.forEach((length, number) => {
      for (let left = number % 2 ? length : 0, at = place; left > 0; ) {
        const x = at % given.width, run = Math.min(left, given.width - x);
        context.fillRect(x, Math.floor(at / given.width), run, 1);
        at += run;
        left -= run;
      }
      place += length;
    });
  };

  return { start, move, end, mark, nudge, clear, region, draw };
};
