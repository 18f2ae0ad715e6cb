// The work on a case: keys, painting, zoom, and what is asked of the server. Everything is drawn into the markup of worktable.py.
(() => {
  const texts = window.lensDesk;
  const INK = "#ffc400", UNDO_WITHIN = texts.undo_minutes * 60000;
  const RENEW_AFTER = 60000, MASK_SIDE = 1024, ZOOM_STEP = 1.25, MOST_ZOOM = 16, LONGEST_WAIT = 2 ** 31; // setTimeout knows no more
  const $ = (selector) => document.querySelector(`#desk ${selector}`);
  const $$ = (selector) => [...document.querySelectorAll(`#desk ${selector}`)];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  // What is going on. `mode`: blind, revealed or adjudicate; `busy` while an answer is awaited.
  const state = {
    mode: "idle", found: null, busy: false, ahead: null, last: null, skipped: [], renewed: 0,
    view: "plain", tool: null, zoom: 1, x: 0, y: 0, frame: 0, ruled: [], said: null, heat: true, marked: null, urls: [],
  };
  const kept = (name, given) => {
    try {
      if (given === undefined) return localStorage.getItem(`lens-desk-${name}`) === "yes";
      localStorage.setItem(`lens-desk-${name}`, given ? "yes" : "no");
    } catch { /* a browser that keeps nothing */ }
    return false;
  };

  // --- the server -------------------------------------------------------------------------------------------------------------------
  async function ask(path, body) {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(texts.calls + path, { ...options, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401) location.assign("/sign-in");
    const found = await answer.json().catch(() => ({ error: { code: "failed", message: texts.failed } }));
    if (!answer.ok) throw Object.assign(new Error(found.error.message), { code: found.error.code });
    return found;
  }

  async function blobUrl(path) {
    const answer = await fetch(texts.calls + path, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) throw new Error(texts.failed);
    return URL.createObjectURL(await answer.blob());
  }

  const times = (found) => [...new Set(found.spots.map((spot) => spot.time))];
  const addressOf = (found, view, time, small) =>
    found.kind === "image" && view === "plain" && !small
      ? `/case/${found.id}/file`
      : `/case/${found.id}/view?name=${view}${time === null ? "" : `&time=${time}`}${small ? "&small=1" : ""}`;
  const firstFrame = (found) => Math.floor(times(found).length / 2);
  const firstAddress = (found) => addressOf(found, "plain", found.kind === "image" ? null : times(found)[firstFrame(found)], false);

  // Say what is wrong, and go on where that is possible.
  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    $(".desk-form").setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      say(error.code ? error.message : texts.failed, true);
      if (error.code === "claim_lost") {
        show(await ask("/take", { skipped: state.skipped }));
        say(texts.lost, true);
      }
    } finally {
      state.busy = false;
      $(".desk-form").removeAttribute("aria-busy");
    }
  }

  function say(text, wrong) {
    const place = $("#desk-message");
    place.textContent = text;
    place.classList.toggle("desk-wrong", Boolean(wrong));
  }

  // Where the keys are keys again: at the texts for what is shown now, which are read out. Whoever works elsewhere meanwhile is left there.
  function land(selector) {
    const has = document.activeElement;
    if (has && has !== document.body && !has.closest("#desk")) return;
    $(selector).focus();
  }

  // What is typed while an answer is awaited belongs to no note.
  function leaveNote() {
    if (document.activeElement.id === "desk-note") document.activeElement.blur();
  }

  // --- a case comes -----------------------------------------------------------------------------------------------------------------
  function count(queue) {
    if (!queue) return;
    for (const [name, number] of Object.entries(queue)) $$(`[data-count=${name}]`).forEach((place) => (place.textContent = number));
    const admin = state.person && state.person.role === "admin";
    $("[data-do=disputed]").hidden = !admin || state.mode === "adjudicate";
    $("[data-do=cases]").hidden = state.mode !== "adjudicate";
  }

  function show(answer) {
    const found = answer.case;
    state.found = found;
    state.mode = found ? (answer.labels ? "adjudicate" : answer.answer ? "revealed" : "blind") : state.mode;
    count(answer.queue);
    undoable();
    $("#desk-until").textContent = "";
    $(".desk-grid").hidden = !found;
    $(".desk-empty").hidden = Boolean(found);
    $(".desk-empty p").textContent = state.mode === "adjudicate" ? texts.none_disputed : texts.none_waiting;
    const desk = document.getElementById("desk"), first = desk.dataset.state === "loading";
    desk.dataset.state = found ? state.mode : "empty";
    state.urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
    if (found) {
      reset(found);
      draw(answer);
      if (answer.own) restore(answer.own);
    }
    if (!first) land(!found ? ".desk-empty p" : state.mode === "blind" ? ".desk-which" : ".desk-ask");
    if (!found) return;
    picture();
    if (state.mode !== "adjudicate") lookAhead();
  }

  // Undo is offered for as long as the server grants it.
  function undoable() {
    const left = state.last ? state.last.when + UNDO_WITHIN - Date.now() : 0;
    $$("[data-do=undo]").forEach((button) => (button.disabled = left <= 0));
    clearTimeout(state.undoing);
    if (left > 0 && left < LONGEST_WAIT) state.undoing = setTimeout(undoable, left);
  }

  // In UTC, as all times here.
  const clock = (moment) => new Date(moment).toISOString().slice(11, 16);

  function reset(found) {
    Object.assign(state, { view: "plain", tool: null, zoom: 1, x: 0, y: 0, frame: firstFrame(found), said: null, heat: true, renewed: Date.now() });
    state.ruled = found.spots;
    state.paint = null;
    ink().clear();
    $(".desk-theirs").width = $(".desk-theirs").height = 1;
    $(".desk-form").reset();
    $$("[data-do=view]").forEach((button) => press(button, button.dataset.name === "plain"));
    $$("[data-do=tool]").forEach((button) => press(button, false));
    screen("blur", kept("blur-first"));
    $(".desk-which").textContent = !found.format ? texts.not_kept : !found.subject ? texts.whole_file : found.kind === "image" ? texts.which_face : texts.which_clip;
    $(".desk-view").hidden = $(".desk-tools").hidden = !found.format;
    $("[data-do=play]").hidden = found.kind !== "video" || !found.format;
    $("[data-name=mute]").hidden = found.kind !== "video";
    stopPlaying();
    frames(found);
    placeWords();
    $("#desk-until").textContent = found.until ? fill(texts.until, { time: clock(found.until) }) : "";
  }

  // The picture itself, from what was fetched ahead where that is it.
  async function picture() {
    const found = state.found, time = timeNow(), image = $(".desk-picture");
    if (!found || !found.format) return;
    const address = addressOf(found, state.view, time, false);
    const ahead = state.ahead && state.ahead.id === found.id && state.ahead.address === address ? state.ahead.url : null;
    $(".desk-view").classList.add("desk-loading");
    try {
      const url = await (ahead || blobUrl(address));
      if (state.found !== found || addressOf(found, state.view, timeNow(), false) !== address) return URL.revokeObjectURL(url);
      state.urls.push(url);
      image.src = url;
      await image.decode();
    } catch {
      return say(texts.failed, true);
    } finally {
      $(".desk-view").classList.remove("desk-loading");
    }
    $(".desk-view").dataset.shown = found.id;
    sheet();
    boxes();
    heatmap();
    if (ahead) state.ahead = null;
  }

  const timeNow = () => (state.found.kind === "image" ? null : times(state.found)[state.frame]);

  async function lookAhead() {
    const without = [...state.skipped, state.found.id];
    try {
      const next = (await ask("/following", { skipped: without })).case;
      if (!next || !next.format) return;
      const address = firstAddress(next);
      state.ahead = { id: next.id, address, url: blobUrl(address) };
      state.ahead.url.catch(() => (state.ahead = null));
    } catch { /* the next case comes all the same */ }
  }

  function frames(found) {
    const strip = $(".desk-frames");
    strip.replaceChildren();
    strip.hidden = found.kind !== "video" || !found.format;
    if (strip.hidden) return;
    times(found).forEach((time, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.do = "frame";
      button.dataset.name = number;
      button.setAttribute("aria-label", fill(texts.frame_at, { seconds: time.toFixed(2) }));
      const image = new Image();
      image.alt = "";
      image.loading = "lazy";
      image.src = texts.calls + addressOf(found, "plain", time, true);
      button.append(image, Object.assign(document.createElement("span"), { textContent: `${time.toFixed(2)} s` }));
      strip.append(button);
    });
    markFrame();
  }

  function markFrame() {
    $$(".desk-frames button").forEach((button, number) => {
      press(button, number === state.frame);
      if (number !== state.frame) return;
      const strip = button.parentElement; // scrolled by itself: scrollIntoView would move the page too
      strip.scrollLeft = button.offsetLeft - strip.offsetLeft - (strip.clientWidth - button.offsetWidth) / 2;
    });
  }

  function choose(frame) {
    const last = times(state.found).length - 1;
    if (state.found.kind !== "video" || frame < 0 || frame > last) return;
    state.frame = frame;
    stopPlaying();
    if (state.paint && state.paint.time !== timeNow()) clearPaint(); // a place belongs to one frame
    markFrame();
    picture();
  }

  // --- the picture's place on the screen --------------------------------------------------------------------------------------------
  function sheet() {
    const view = $(".desk-view"), image = $(".desk-picture"), place = $(".desk-sheet");
    const width = image.naturalWidth, height = image.naturalHeight;
    if (!width) return;
    const fit = Math.min(view.clientWidth / width, view.clientHeight / height);
    state.fit = fit;
    place.style.width = `${width * fit}px`;
    place.style.height = `${height * fit}px`;
    const room = { x: Math.max((width * fit * state.zoom - view.clientWidth) / 2, 0), y: Math.max((height * fit * state.zoom - view.clientHeight) / 2, 0) };
    state.x = Math.min(Math.max(state.x, -room.x), room.x);
    state.y = Math.min(Math.max(state.y, -room.y), room.y);
    place.style.transform = `translate(-50%, -50%) translate(${state.x}px, ${state.y}px) scale(${state.zoom})`;
    place.style.setProperty("--zoom", state.zoom);
    place.classList.toggle("desk-pixels", fit * state.zoom > 3);
    press($("[data-do=zoom]"), state.zoom > 1);
    const canvas = $(".desk-paint"), scale = Math.min(MASK_SIDE / Math.max(width, height), 1);
    if (!state.paint) {
      canvas.width = Math.max(Math.round(width * scale), 1);
      canvas.height = Math.max(Math.round(height * scale), 1);
    }
  }

  const spotsNow = () => state.found.spots.filter((spot) => spot.time === timeNow());

  function zoomTo(zoom, about) {
    const before = state.zoom;
    state.zoom = Math.min(Math.max(zoom, 1), MOST_ZOOM);
    const point = about || { x: 0, y: 0 };
    state.x = point.x - ((point.x - state.x) / before) * state.zoom;
    state.y = point.y - ((point.y - state.y) / before) * state.zoom;
    sheet();
  }

  function zoomFace() {
    const view = $(".desk-view"), image = $(".desk-picture"), spots = spotsNow();
    if (state.zoom > 1 || !spots.length) return zoomWhole();
    const [x1, y1, x2, y2] = [0, 1].flatMap((at) => Math.min(...spots.map((spot) => spot.box[at]))).concat([2, 3].map((at) => Math.max(...spots.map((spot) => spot.box[at]))));
    const share = 0.75 * Math.min(view.clientWidth / (x2 - x1), view.clientHeight / (y2 - y1));
    state.zoom = Math.min(Math.max(share / state.fit, 1), MOST_ZOOM);
    state.x = (image.naturalWidth / 2 - (x1 + x2) / 2) * state.fit * state.zoom;
    state.y = (image.naturalHeight / 2 - (y1 + y2) / 2) * state.fit * state.zoom;
    sheet();
  }

  function zoomWhole() {
    Object.assign(state, { zoom: 1, x: 0, y: 0 });
    sheet();
  }

  function boxes() {
    const image = $(".desk-picture"), place = $(".desk-boxes");
    place.replaceChildren(...spotsNow().map(({ box: [x1, y1, x2, y2] }) => {
      const mark = document.createElement("span");
      const of = (value, whole) => `${(100 * value) / whole}%`;
      Object.assign(mark.style, {
        left: of(x1, image.naturalWidth), top: of(y1, image.naturalHeight),
        width: of(x2 - x1, image.naturalWidth), height: of(y2 - y1, image.naturalHeight),
      });
      return mark;
    }));
  }

  async function heatmap() {
    const layer = $(".desk-heat"), button = $("[data-do=heat]"), found = state.found;
    layer.hidden = true;
    button.hidden = state.mode === "blind" || !found.format || !spotsNow().length;
    if (button.hidden) return;
    press(button, state.heat);
    const time = timeNow();
    try {
      const url = await blobUrl(`/case/${found.id}/heat${time === null ? "" : `?time=${time}`}`);
      if (state.found !== found || timeNow() !== time) return URL.revokeObjectURL(url);
      state.urls.push(url);
      layer.src = url;
      layer.hidden = !state.heat;
    } catch {
      button.hidden = true;
    }
  }

  function screen(name, on) {
    const button = $(`[data-do=screen][data-name=${name}]`);
    press(button, on);
    $(".desk-view").classList.toggle(`desk-${name}`, on);
    $(".desk-frames").classList.toggle(`desk-${name}`, on);
    if (name === "mute") $(".desk-player").muted = on;
  }

  function stopPlaying() {
    const player = $(".desk-player");
    player.pause();
    player.hidden = true;
    player.removeAttribute("src");
    $(".desk-sheet").hidden = false;
    press($("[data-do=play]"), false);
  }

  function play() {
    const player = $(".desk-player");
    if (!player.hidden) return stopPlaying();
    player.src = `${texts.calls}/case/${state.found.id}/file`;
    player.hidden = false;
    $(".desk-sheet").hidden = true;
    press($("[data-do=play]"), true);
    player.play().catch(() => say(texts.failed, true)); // a format that this browser does not play: its frames are below
  }

  const press = (button, on) => button.setAttribute("aria-pressed", String(Boolean(on)));

  // --- painting ---------------------------------------------------------------------------------------------------------------------
  const ink = () => (state.ink ||= window.lensPainting($(".desk-paint"), INK));

  function brushSize() { // a tenth of the face, so that it fits whatever the zoom
    const canvas = $(".desk-paint"), spots = spotsNow(), image = $(".desk-picture");
    const side = spots.length ? Math.max(...spots.map(({ box }) => Math.max(box[2] - box[0], box[3] - box[1]))) : image.naturalWidth / 3;
    return Math.max((side / 9) * (canvas.width / image.naturalWidth), 2);
  }

  function paintStart(event) {
    if (!state.tool || event.button !== 0) return panStart(event);
    ink().start(event, state.tool, brushSize());
  }

  function paintMove(event) {
    if (!ink().move(event)) panMove(event);
  }

  function paintEnd() {
    panned = null;
    if (ink().end()) painted();
  }

  let panned = null;
  function panStart(event) {
    if (event.button === 0 && state.zoom > 1) panned = { x: event.clientX - state.x, y: event.clientY - state.y };
  }
  function panMove(event) {
    if (!panned) return;
    state.x = event.clientX - panned.x;
    state.y = event.clientY - panned.y;
    sheet();
  }

  function painted() {
    const found = ink().region();
    state.paint = found && { ...found, time: timeNow() };
    placeWords();
  }

  function clearPaint() {
    ink().clear();
    state.paint = null;
    placeWords();
  }

  // By keyboard: a box on the face, moved and resized by arrows.
  function mark() {
    const canvas = $(".desk-paint"), image = $(".desk-picture"), spot = spotsNow()[0];
    if (!image.naturalWidth) return;
    const box = spot ? spot.box : [0.25, 0.25, 0.75, 0.75].map((part, at) => part * (at % 2 ? image.naturalHeight : image.naturalWidth));
    ink().mark(box.map((place) => place * (canvas.width / image.naturalWidth)));
    painted();
  }

  const placeWords = () => ($("#desk-place").textContent = state.paint ? texts.region_some : texts.region_none);

  // --- the label --------------------------------------------------------------------------------------------------------------------
  function label() {
    const form = new FormData($(".desk-form"));
    const value = form.get("value"), confidence = Number(form.get("confidence") || (value === "unusable" ? 3 : 0));
    if (!value || !confidence) {
      say(value ? texts.missing_confidence : texts.missing_value, true);
      return null;
    }
    return { value, confidence, tags: form.getAll("tags"), note: form.get("note").trim(), region: state.paint };
  }

  const same = (one, other) => JSON.stringify({ ...one, tags: [...one.tags].sort() }) === JSON.stringify({ ...other, tags: [...other.tags].sort() });

  function submit() {
    const said = label();
    if (!said) return;
    const id = state.found.id;
    leaveNote();
    attempt(async () => {
      if (state.mode === "blind") {
        const { answer } = await ask(`/case/${id}/blind`, said);
        state.said = said;
        state.mode = document.getElementById("desk").dataset.state = "revealed";
        draw({ answer });
        say("");
        land(".desk-ask");
        heatmap();
      } else if (state.mode === "revealed") {
        const next = await ask(`/case/${id}/final`, state.said && same(said, state.said) ? { same: true, skipped: state.skipped } : { ...said, skipped: state.skipped });
        done(id, next, false);
      } else {
        done(id, await ask(`/case/${id}/adjudicate`, said), true);
      }
    });
  }

  function done(id, next, adjudicated) {
    state.last = { id, when: Date.now(), adjudicated };
    show(next);
    say(texts.saved);
  }

  function restore(own) {
    for (const name of ["value", "confidence"]) $(`input[name=${name}][value="${own[name]}"]`).checked = true;
    $$("input[name=tags]").forEach((box) => (box.checked = own.tags.includes(box.value)));
    $("#desk-note").value = own.note;
    if (own.region) {
      if (own.region.time !== null) state.frame = Math.max(times(state.found).indexOf(own.region.time), 0);
      ink().draw(own.region);
      state.paint = own.region;
      placeWords();
    }
    state.said = label();
    draw({ answer: state.answer });
  }

  // The right-hand side: what is asked, and what the others say once it may be known.
  function draw({ answer, labels }) {
    state.answer = answer;
    const ask_ = { blind: texts.ask_blind, revealed: texts.ask_revealed, adjudicate: texts.ask_adjudicate }[state.mode];
    $(".desk-ask").textContent = ask_;
    const place = $(".desk-answer"), list = $(".desk-labels");
    place.hidden = !answer;
    place.replaceChildren();
    if (answer) place.append(...answered(answer));
    list.hidden = !labels;
    list.replaceChildren();
    if (labels) {
      const each = new Map(); // of every moderator the last label; what came before it is told with it
      labels.forEach((told) => each.set(told.moderator, { ...told, before: each.get(told.moderator) }));
      list.append(element("h3", texts.arguments), ...[...each.values()].map(argument));
    }
    for (const name of ["skip", "flag", "undo"]) $(`.desk-send [data-do=${name}]`).hidden = state.mode === "revealed" || (state.mode === "adjudicate" && name !== "undo");
    sendWords();
  }

  function sendWords() {
    const said = state.said, unchanged = said && state.mode === "revealed" && $("input[name=value]:checked") && same(said, peekLabel());
    $(".desk-primary span").textContent = state.mode === "blind" ? texts.submit : state.mode === "adjudicate" ? texts.decide : unchanged ? texts.keep : texts.change;
  }

  function peekLabel() {
    const form = new FormData($(".desk-form"));
    return {
      value: form.get("value"), confidence: Number(form.get("confidence") || (form.get("value") === "unusable" ? 3 : 0)),
      tags: form.getAll("tags"), note: form.get("note").trim(), region: state.paint,
    };
  }

  const element = (name, text, className) => Object.assign(document.createElement(name), { textContent: text || "", className: className || "" });

  function answered(answer) {
    const parts = [];
    if (state.said) {
      parts.push(element("p", fill(texts.changed_of, { value: texts.values[state.said.value], confidence: texts.confidences[state.said.confidence - 1] }), "desk-yours"));
    }
    if (answer.verdict) {
      const line = element("p", `${texts.model_says} `, "desk-verdict");
      line.append(element("strong", texts.verdicts[answer.verdict], `desk-${answer.verdict}`));
      const bar = element("div", "", "desk-prob");
      bar.append(element("span"));
      bar.firstChild.style.left = `${100 * answer.fake_prob}%`;
      parts.push(line, bar, element("p", `${answer.fake_prob.toFixed(4)} ${texts.probability}`, "desk-number"));
    } else parts.push(element("p", texts.no_answer));
    const total = Object.values(answer.votes).reduce((sum, number) => sum + number, 0);
    const votes = Object.entries(answer.votes).filter(([, number]) => number).map(([vote, number]) => `${number} ${texts.votes[vote]}`);
    parts.push(element("p", total ? `${texts.visitors}: ${votes.join(", ")}.` : texts.no_votes));
    parts.push(element("p", state.found.format ? fill(texts.by_model, { model: answer.model }) : answer.model, "desk-small"));
    return parts;
  }

  const list = () => $$(".desk-argument button");

  function argument(told) {
    const card = element("article", "", "desk-argument");
    const head = element("p");
    head.append(element("b", fill(texts.moderator, { number: told.moderator })), ": ");
    head.append(element("strong", texts.values[told.value], `desk-${told.value}`), `, ${texts.confidences[told.confidence - 1].toLowerCase()}`);
    card.append(head);
    const before = told.before;
    if (before && before.value !== told.value) card.append(element("p", fill(texts.before, { value: texts.values[before.value] }), "desk-small"));
    if (told.tags.length) card.append(element("p", told.tags.map((tag) => texts.tag_names[tag]).join(", "), "desk-small"));
    card.append(element("p", told.note || texts.no_note, told.note ? "desk-told" : "desk-small"));
    if (told.region) {
      const button = Object.assign(element("button", texts.show_region), { type: "button" });
      button.addEventListener("click", () => {
        if (told.region.time !== null) choose(Math.max(times(state.found).indexOf(told.region.time), 0));
        const theirs = $(".desk-theirs"), on = button.getAttribute("aria-pressed") !== "true";
        list().forEach((other) => press(other, on && other === button));
        if (on) window.lensPainting(theirs, "#00c2ff").draw(told.region);
        else theirs.width = theirs.height = 1;
      });
      press(button, false);
      card.append(button);
    }
    return card;
  }

  // --- what buttons do --------------------------------------------------------------------------------------------------------------
  const doing = {
    submit,
    view: (button) => {
      const chosen = button.getAttribute("aria-pressed") === "true" ? "plain" : button.dataset.name;
      state.view = chosen;
      $$("[data-do=view]").forEach((other) => press(other, other.dataset.name === chosen));
      picture();
    },
    screen: (button) => screen(button.dataset.name, button.getAttribute("aria-pressed") !== "true"),
    tool: (button) => {
      state.tool = state.tool === button.dataset.name ? null : button.dataset.name;
      $$("[data-do=tool]").forEach((other) => press(other, other.dataset.name === state.tool));
      $(".desk-view").classList.toggle("desk-painting", Boolean(state.tool));
    },
    clear: clearPaint,
    mark: () => mark(),
    zoom: zoomFace,
    larger: () => zoomTo(state.zoom * ZOOM_STEP),
    smaller: () => zoomTo(state.zoom / ZOOM_STEP),
    heat: (button) => {
      state.heat = !state.heat;
      press(button, state.heat);
      $(".desk-heat").hidden = !state.heat || !$(".desk-heat").src;
    },
    play,
    frame: (button) => choose(Number(button.dataset.name)),
    skip: () => attempt(async () => {
      state.skipped.push(state.found.id);
      show(await ask(`/case/${state.found.id}/skip`, { skipped: state.skipped }));
      say(texts.skipped);
    }),
    flag: () => document.getElementById("desk-flag").showModal(),
    concern: (button) => attempt(async () => {
      document.getElementById("desk-flag").close();
      state.skipped.push(state.found.id);
      show(await ask(`/case/${state.found.id}/flag`, { concern: button.dataset.name, skipped: state.skipped }));
      say(texts.flagged);
    }),
    undo: () => state.last && attempt(async () => {
      const { id, adjudicated } = state.last;
      const found = await ask(`/case/${id}/undo`, { adjudicated });
      state.last = null;
      show(found);
      say(texts.undone);
    }),
    disputed: () => attempt(async () => {
      state.mode = "adjudicate";
      show({ ...(await ask("/disputed", {})), queue: (await ask("/state")).queue });
      say("");
    }),
    cases: () => attempt(begin),
    again: () => attempt(async () => {
      state.skipped = [];
      if (state.mode === "adjudicate") show({ ...(await ask("/disputed", {})), queue: (await ask("/state")).queue });
      else await begin();
    }),
    keys: () => document.getElementById("desk-keys").showModal(),
    close: (button) => button.closest("dialog").close(),
  };

  async function begin() {
    state.mode = "blind";
    say("");
    show(await ask("/take", { skipped: state.skipped }));
  }

  async function follow() { // a link to a case: #case=..., or to the arguments about it: #disputed=...
    const [, kind, id] = location.hash.match(/^#(case|disputed)=([0-9a-f]{32})$/) || [];
    if (!id) return false;
    history.replaceState(null, "", location.pathname + location.search);
    const tab = document.querySelector("#cases-tab-button, button[role=tab]");
    if (tab) tab.click();
    show(kind === "case" ? await ask(`/case/${id}/take`, {}) : await ask(`/case/${id}/arguments`));
    return true;
  }

  // --- keys -------------------------------------------------------------------------------------------------------------------------
  const writing = (target) => target.closest("textarea, input[type=text], input:not([type]), input[type=search], [contenteditable=true], select");
  const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };

  function onKey(event) {
    const desk = document.getElementById("desk");
    if (!desk || !desk.offsetParent || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const dialog = document.querySelector("#desk dialog[open]");
    if (dialog) {
      const choice = dialog.querySelector(`[data-dialog-key="${CSS.escape(event.key)}"]`);
      if (choice) act(event, choice);
      return;
    }
    if (event.key === "Enter" && event.repeat && !event.shiftKey) return event.preventDefault(); // held down, it would go on to confirm
    if (writing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      if (event.target.id === "desk-note" && event.key === "Enter" && !event.shiftKey) act(event, $(".desk-primary"));
      return;
    }
    if (ARROWS[event.key]) return arrow(event);
    const onControl = event.target.closest("button, a, summary, video");
    if (onControl && ["Enter", " "].includes(event.key)) return; // what has the focus is pressed
    if (event.key === "Enter") return act(event, $(".desk-primary"));
    if (event.key === "n") {
      event.preventDefault();
      return $("#desk-note").focus();
    }
    if (event.key === "0") return zoomWhole();
    const target = $$("[data-key]").find((one) => one.dataset.key === event.key.toLowerCase() && one.offsetParent);
    if (target) act(event, target);
  }

  function arrow(event) {
    if (event.target.closest(".gradio-container [role=tab], video")) return;
    const [name, by] = ARROWS[event.key];
    if (event.target.matches("input[type=radio]")) event.target.blur();
    if (ink().nudge({ [event.shiftKey ? (name === "x" ? "width" : "height") : name]: by })) painted();
    else if (state.zoom > 1) {
      state[name] -= by * 60;
      sheet();
    } else if (name === "x" && state.found && state.found.kind === "video") choose(state.frame + by);
    else return;
    event.preventDefault();
  }

  function act(event, target) {
    event.preventDefault();
    if (!target.disabled) target.click();
    active();
  }

  // Whoever works keeps the case.
  function active() {
    if (!state.found || !state.found.until || Date.now() - state.renewed < RENEW_AFTER) return;
    state.renewed = Date.now();
    ask(`/case/${state.found.id}/renew`, {}).then(({ until }) => {
      $("#desk-until").textContent = fill(texts.until, { time: clock(until) });
    }).catch(() => {});
  }

  // --- start ------------------------------------------------------------------------------------------------------------------------
  async function start() {
    if (!document.getElementById("desk") || state.started) return;
    state.started = true;
    const desk = document.getElementById("desk"), view = $(".desk-view"), canvas = $(".desk-paint");
    desk.closest(".prose")?.classList.remove("prose"); // Gradio's rules for running text: margins and colours for all that is in it
    desk.addEventListener("click", (event) => {
      const pressed = event.target.closest("button");
      if (pressed && event.detail) pressed.blur(); // after a click by mouse, Enter submits
      const button = event.target.closest("[data-do]");
      if (!button || button.dataset.do === "submit" || !doing[button.dataset.do]) return;
      doing[button.dataset.do](button);
    });
    $(".desk-form").addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    $(".desk-form").addEventListener("input", sendWords);
    canvas.addEventListener("pointerdown", paintStart);
    canvas.addEventListener("pointermove", paintMove);
    canvas.addEventListener("pointerup", paintEnd);
    canvas.addEventListener("pointercancel", paintEnd);
    view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && state.zoom === 1 && event.deltaY > 0) return; // the page scrolls
      event.preventDefault();
      const box = view.getBoundingClientRect();
      const about = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
      zoomTo(state.zoom * (event.deltaY < 0 ? 1.15 : 1 / 1.15), about);
    }, { passive: false });
    new ResizeObserver(sheet).observe(view);
    document.addEventListener("keydown", onKey);
    document.addEventListener("pointerdown", active);
    window.addEventListener("hashchange", () => attempt(follow));
    const first = document.getElementById("desk-blur-first");
    first.checked = kept("blur-first");
    first.addEventListener("change", () => {
      kept("blur-first", first.checked);
      screen("blur", first.checked);
    });
    screen("mute", true);
    await attempt(async () => {
      const { person, queue } = await ask("/state");
      state.person = person;
      document.body.classList.add(`desk-of-${person.role}`);
      document.getElementById("desk-me").textContent = `${person.name} · ${texts.roles[person.role]}`;
      count(queue);
      if (!(await follow())) await begin();
    });
  }

  document.documentElement.lang = "en";
  new MutationObserver(() => document.getElementById("desk") && !state.started && start()).observe(document.documentElement, { childList: true, subtree: true });
})();
