// The photo or the frames of the clip: fetching, zoom, filters, heatmap, playing and painting.
window.lensDeskMedia = (() => {
  const {
    calls, texts, state, $, $$, fill, press, isPressed, say, setting, fetchImage,
    frameTimes, middleFrame, frameTime, facesOfFrame, imagePath,
  } = window.lensDeskPage;

  const PAINT_COLOUR = "#ffc400", OTHERS_COLOUR = "#00c2ff";
  // Longer side of a painted region, in its own pixels
  const MAX_REGION_SIDE = 1024;
  const MAX_ZOOM = 16, ZOOM_STEP = 1.25, WHEEL_STEP = 1.15;
  // A zoomed face fills this share of the view
  const FACE_SHARE = 0.75;
  // From this many screen pixels per image pixel on, pixels are shown as squares
  const SHOW_PIXELS_FROM = 3;

  let paintingOfPage = null;
  const painting = () => (paintingOfPage ||= window.lensPainting($(".desk-paint"), PAINT_COLOUR));

  // --- image
  // Prepare everything for a new case.
  function reset(caseView) {
    Object.assign(state, {
      view: "plain", tool: null, zoom: 1, x: 0, y: 0, frame: middleFrame(caseView), heat: true, region: null,
    });
    painting().clear();
    hideOthersRegion();
    $$("[data-do=view]").forEach((button) => press(button, button.dataset.name === "plain"));
    $$("[data-do=tool]").forEach((button) => press(button, false));
    setScreen("blur", setting.get("blur-first"));
    $(".desk-view").hidden = $(".desk-tools").hidden = !caseView.format;
    $("[data-do=play]").hidden = caseView.kind !== "video" || !caseView.format;
    $("[data-name=mute]").hidden = caseView.kind !== "video";
    stopPlaying();
    showFrameStrip(caseView);
    showRegionText();
  }

  // Show the current image. It may be prefetched. An image that arrives too late is dropped.
  async function showImage() {
    const caseView = state.current, image = $(".desk-picture");
    if (!caseView || !caseView.format) return;
    const path = imagePath(caseView, state.view, frameTime());
    const isCurrent = () =>
      state.current === caseView && imagePath(caseView, state.view, frameTime()) === path;
    const isPrefetched = state.prefetched && state.prefetched.path === path;
    $(".desk-view").classList.add("desk-loading");
    try {
      const url = await (isPrefetched ? state.prefetched.url : fetchImage(path));
      if (!isCurrent()) return URL.revokeObjectURL(url);
      state.urls.push(url);
      image.src = url;
      await image.decode();
    } catch {
      return say(texts.failed, true);
    } finally {
      $(".desk-view").classList.remove("desk-loading");
    }
    $(".desk-view").dataset.shown = caseView.id;
    layOut();
    showBoxes();
    showHeatmap();
    if (isPrefetched) state.prefetched = null;
  }

  function freeImages() {
    state.urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
  }

  // Width and height to which the faces' boxes refer. Views of large images are smaller than the original.
  function originalSize() {
    const image = $(".desk-picture");
    return state.current.size || [image.naturalWidth, image.naturalHeight];
  }

  function showBoxes() {
    const [width, height] = originalSize();
    const boxes = facesOfFrame().map(({ box: [x1, y1, x2, y2] }) => {
      const box = document.createElement("span");
      Object.assign(box.style, {
        left: `${(100 * x1) / width}%`,
        top: `${(100 * y1) / height}%`,
        width: `${(100 * (x2 - x1)) / width}%`,
        height: `${(100 * (y2 - y1)) / height}%`,
      });
      return box;
    });
    $(".desk-boxes").replaceChildren(...boxes);
  }

  // The heatmap is the model's opinion, so it is fetched after the blind label only.
  async function showHeatmap() {
    const layer = $(".desk-heat"), button = $("[data-do=heat]"), caseView = state.current, time = frameTime();
    layer.hidden = true;
    button.hidden = state.mode === "blind" || !caseView.format || !facesOfFrame().length;
    if (button.hidden) return;
    press(button, state.heat);
    try {
      const url = await fetchImage(`/case/${caseView.id}/heat${time === null ? "" : `?time=${time}`}`);
      if (state.current !== caseView || frameTime() !== time) return URL.revokeObjectURL(url);
      state.urls.push(url);
      layer.src = url;
      layer.hidden = !state.heat;
    } catch {
      button.hidden = true;
    }
  }

  function toggleHeatmap(button) {
    state.heat = !state.heat;
    press(button, state.heat);
    $(".desk-heat").hidden = !state.heat || !$(".desk-heat").src;
  }

  // Choose a view; choosing it again goes back to the plain image.
  function toggleView(button) {
    state.view = isPressed(button) ? "plain" : button.dataset.name;
    $$("[data-do=view]").forEach((other) => press(other, other.dataset.name === state.view));
    showImage();
  }

  // Screens change how the page shows images and sound, not the images: blur, grey, mute.
  function setScreen(name, on) {
    press($(`[data-do=screen][data-name=${name}]`), on);
    $(".desk-view").classList.toggle(`desk-${name}`, on);
    $(".desk-frames").classList.toggle(`desk-${name}`, on);
    if (name === "mute") $(".desk-player").muted = on;
  }

  // --- frames of a clip
  function showFrameStrip(caseView) {
    const strip = $(".desk-frames");
    strip.replaceChildren();
    strip.hidden = caseView.kind !== "video" || !caseView.format;
    if (strip.hidden) return;
    frameTimes(caseView).forEach((time, index) => strip.append(frameButton(caseView, time, index)));
    markFrame();
  }

  function frameButton(caseView, time, index) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    Object.assign(button.dataset, { do: "frame", name: index });
    button.setAttribute("aria-label", fill(texts.frame_at, { seconds: time.toFixed(2) }));
    const image = Object.assign(new Image(), { alt: "", loading: "lazy" });
    image.src = calls + imagePath(caseView, "plain", time, true);
    const caption = Object.assign(document.createElement("span"), { textContent: `${time.toFixed(2)} s` });
    button.append(image, caption);
    return button;
  }

  function markFrame() {
    $$(".desk-frames button").forEach((button, index) => {
      press(button, index === state.frame);
      if (index !== state.frame) return;
      // scrollIntoView would scroll the page too
      const strip = button.parentElement;
      strip.scrollLeft = button.offsetLeft - strip.offsetLeft - (strip.clientWidth - button.offsetWidth) / 2;
    });
  }

  function chooseFrame(index) {
    if (state.current.kind !== "video" || index < 0 || index >= frameTimes(state.current).length) return;
    state.frame = index;
    stopPlaying();
    // A region belongs to one frame
    if (state.region && state.region.time !== frameTime()) clearRegion();
    markFrame();
    showImage();
  }

  function frameAt(time) {
    return Math.max(frameTimes(state.current).indexOf(time), 0);
  }

  function togglePlaying() {
    const player = $(".desk-player");
    if (!player.hidden) return stopPlaying();
    player.src = `${calls}/case/${state.current.id}/file`;
    player.hidden = false;
    $(".desk-sheet").hidden = true;
    press($("[data-do=play]"), true);
    // This browser may not play the format; the frames below remain
    player.play().catch(() => say(texts.failed, true));
  }

  function stopPlaying() {
    const player = $(".desk-player");
    player.pause();
    player.hidden = true;
    player.removeAttribute("src");
    $(".desk-sheet").hidden = false;
    press($("[data-do=play]"), false);
  }

  // --- zoom and pan
  // Lay the image out in the view: as large as it fits, then zoomed and moved, but never out of sight.
  function layOut() {
    const view = $(".desk-view"), image = $(".desk-picture"), sheet = $(".desk-sheet");
    const width = image.naturalWidth, height = image.naturalHeight;
    if (!width) return;
    state.fit = Math.min(view.clientWidth / width, view.clientHeight / height);
    const shownWidth = width * state.fit, shownHeight = height * state.fit;
    const maxX = Math.max((shownWidth * state.zoom - view.clientWidth) / 2, 0);
    const maxY = Math.max((shownHeight * state.zoom - view.clientHeight) / 2, 0);
    state.x = Math.min(Math.max(state.x, -maxX), maxX);
    state.y = Math.min(Math.max(state.y, -maxY), maxY);
    sheet.style.width = `${shownWidth}px`;
    sheet.style.height = `${shownHeight}px`;
    sheet.style.transform =
      `translate(-50%, -50%) translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
    sheet.style.setProperty("--zoom", state.zoom);
    sheet.classList.toggle("desk-pixels", state.fit * state.zoom > SHOW_PIXELS_FROM);
    press($("[data-do=zoom]"), state.zoom > 1);
    if (!state.region) resizeCanvas(width, height);
  }

  function resizeCanvas(width, height) {
    const canvas = $(".desk-paint"), scale = Math.min(MAX_REGION_SIDE / Math.max(width, height), 1);
    canvas.width = Math.max(Math.round(width * scale), 1);
    canvas.height = Math.max(Math.round(height * scale), 1);
  }

  const clampZoom = (zoom) => Math.min(Math.max(zoom, 1), MAX_ZOOM);

  // Zoom about a point, measured from the centre of the view.
  function zoomTo(zoom, point = { x: 0, y: 0 }) {
    const before = state.zoom;
    state.zoom = clampZoom(zoom);
    state.x = point.x - ((point.x - state.x) / before) * state.zoom;
    state.y = point.y - ((point.y - state.y) / before) * state.zoom;
    layOut();
  }

  // Show the faces of the case large, or the whole image again.
  function toggleFaceZoom() {
    const view = $(".desk-view"), image = $(".desk-picture"), [width, height] = originalSize();
    const scale = { x: image.naturalWidth / width, y: image.naturalHeight / height };
    const toImage = ([x1, y1, x2, y2]) => [x1 * scale.x, y1 * scale.y, x2 * scale.x, y2 * scale.y];
    const boxes = facesOfFrame().map((face) => toImage(face.box));
    if (state.zoom > 1 || !boxes.length) return zoomOut();
    const left = Math.min(...boxes.map((box) => box[0])), top = Math.min(...boxes.map((box) => box[1]));
    const right = Math.max(...boxes.map((box) => box[2])), bottom = Math.max(...boxes.map((box) => box[3]));
    const fill = Math.min(view.clientWidth / (right - left), view.clientHeight / (bottom - top));
    state.zoom = clampZoom((FACE_SHARE * fill) / state.fit);
    state.x = (image.naturalWidth / 2 - (left + right) / 2) * state.fit * state.zoom;
    state.y = (image.naturalHeight / 2 - (top + bottom) / 2) * state.fit * state.zoom;
    layOut();
  }

  function zoomOut() {
    Object.assign(state, { zoom: 1, x: 0, y: 0 });
    layOut();
  }

  function pan(x, y) {
    state.x += x;
    state.y += y;
    layOut();
  }

  function onWheel(event) {
    // An image that is not zoomed leaves the wheel to the page
    if (!event.ctrlKey && state.zoom === 1 && event.deltaY > 0) return;
    event.preventDefault();
    const box = $(".desk-view").getBoundingClientRect();
    const point = {
      x: event.clientX - box.left - box.width / 2,
      y: event.clientY - box.top - box.height / 2,
    };
    zoomTo(state.zoom * (event.deltaY < 0 ? WHEEL_STEP : 1 / WHEEL_STEP), point);
  }

  // --- painted region
  // Point at which a pan began; null while none is under way
  let panFrom = null;

  // The width of the brush is a ninth of the face, whatever the zoom.
  function brushWidth() {
    const canvas = $(".desk-paint"), [width] = originalSize();
    const sides = facesOfFrame().map(({ box }) => Math.max(box[2] - box[0], box[3] - box[1]));
    const side = sides.length ? Math.max(...sides) : width / 3;
    return Math.max((side / 9) * (canvas.width / width), 2);
  }

  function onPointerDown(event) {
    if (event.button !== 0) return;
    if (state.tool) painting().start(event, state.tool, brushWidth());
    else if (state.zoom > 1) panFrom = { x: event.clientX - state.x, y: event.clientY - state.y };
  }

  function onPointerMove(event) {
    if (painting().move(event) || !panFrom) return;
    state.x = event.clientX - panFrom.x;
    state.y = event.clientY - panFrom.y;
    layOut();
  }

  function onPointerUp() {
    panFrom = null;
    if (painting().end()) readRegion();
  }

  function readRegion() {
    const region = painting().region();
    state.region = region && { ...region, time: frameTime() };
    showRegionText();
  }

  function clearRegion() {
    painting().clear();
    state.region = null;
    showRegionText();
  }

  function setRegion(region) {
    if (region.time !== null) state.frame = frameAt(region.time);
    painting().draw(region);
    state.region = region;
    showRegionText();
  }

  // Box the face for people who paint by keyboard; arrows move and resize the box.
  function markFace() {
    const canvas = $(".desk-paint"), [width, height] = originalSize();
    if (!$(".desk-picture").naturalWidth) return;
    const [face] = facesOfFrame();
    const box = face ? face.box : [width / 4, height / 4, (3 * width) / 4, (3 * height) / 4];
    painting().mark(box.map((place) => place * (canvas.width / width)));
    readRegion();
  }

  // Move or resize the box of `markFace`. Returns false if there is none.
  function nudgeRegion(change) {
    if (!painting().nudge(change)) return false;
    readRegion();
    return true;
  }

  function showRegionText() {
    $("#desk-place").textContent = state.region ? texts.region_some : texts.region_none;
  }

  function toggleTool(button) {
    state.tool = state.tool === button.dataset.name ? null : button.dataset.name;
    $$("[data-do=tool]").forEach((other) => press(other, other.dataset.name === state.tool));
    $(".desk-view").classList.toggle("desk-painting", Boolean(state.tool));
  }

  // Region that another moderator painted.
  function showOthersRegion(region) {
    if (region.time !== null) chooseFrame(frameAt(region.time));
    window.lensPainting($(".desk-theirs"), OTHERS_COLOUR).draw(region);
  }

  function hideOthersRegion() {
    // Setting the size empties the canvas
    $(".desk-theirs").width = $(".desk-theirs").height = 1;
  }

  function start() {
    const view = $(".desk-view"), canvas = $(".desk-paint");
    canvas.addEventListener("pointerdown", onPointerDown);
    canvas.addEventListener("pointermove", onPointerMove);
    canvas.addEventListener("pointerup", onPointerUp);
    canvas.addEventListener("pointercancel", onPointerUp);
    view.addEventListener("wheel", onWheel, { passive: false });
    new ResizeObserver(layOut).observe(view);
    setScreen("mute", true);
  }

  // What buttons do, by `data-do`
  const actions = {
    view: toggleView,
    screen: (button) => setScreen(button.dataset.name, !isPressed(button)),
    tool: toggleTool,
    clear: clearRegion,
    mark: markFace,
    zoom: toggleFaceZoom,
    larger: () => zoomTo(state.zoom * ZOOM_STEP),
    smaller: () => zoomTo(state.zoom / ZOOM_STEP),
    heat: toggleHeatmap,
    play: togglePlaying,
    frame: (button) => chooseFrame(Number(button.dataset.name)),
  };

  return {
    start, actions, reset, showImage, freeImages, showHeatmap, setScreen, chooseFrame, zoomOut, pan,
    setRegion, nudgeRegion, showOthersRegion, hideOthersRegion,
  };
})();
