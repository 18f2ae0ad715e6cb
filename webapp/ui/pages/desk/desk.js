// Work on cases: taking, labelling, skipping, undoing and deciding, by mouse and by keyboard.
(() => {
  const {
    texts, state, $, $$, fill, say, setting, ask, fetchImage, firstImagePath,
  } = window.lensDeskPage;
  const media = window.lensDeskMedia, label = window.lensDeskLabel, times = window.lensTimes;

  // Milliseconds for which a label can be undone.
  const UNDO_PERIOD = window.lensDesk.undo_minutes * 60000;
  // Milliseconds after which activity renews the claim.
  const RENEW_AFTER = 60000;
  // Browsers call setTimeout at once if the delay in milliseconds does not fit into 31 bits.
  const MAX_TIMEOUT = 2 ** 31;
  // Pixels by which an arrow key moves a zoomed image.
  const PAN_STEP = 60;
  const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };

  let hasStarted = false, undoTimer = null;
  const desk = () => document.getElementById("desk");

  // Run one piece of work at a time. An error is shown; a lost claim leads to the next case.
  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    $(".desk-form").setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      say(error.code ? error.message : texts.failed, true);
      if (error.code === "claim_lost") {
        showCase(await ask("/take", { skipped: state.skipped }));
        say(texts.lost, true);
      }
    } finally {
      state.busy = false;
      $(".desk-form").removeAttribute("aria-busy");
    }
  }

  // Move the focus to the heading of what is new, so that it is read out and keys work again.
  // A person who works elsewhere on the page keeps their focus.
  function moveFocus(selector) {
    const focused = document.activeElement;
    if (focused && focused !== document.body && !focused.closest("#desk")) return;
    $(selector).focus();
  }

  // --- showing a case
  function showCase(answer) {
    const caseView = answer.case;
    const hasCase = Boolean(caseView);
    state.current = caseView;
    if (hasCase) state.mode = modeFor(answer);
    showQueue(answer.queue);
    offerUndo();
    $(".desk-grid").hidden = !hasCase;
    $(".desk-empty").hidden = hasCase;
    $(".desk-empty p").textContent = emptyText(answer.queue);
    const isFirst = desk().dataset.state === "loading";
    desk().dataset.state = hasCase ? state.mode : "empty";
    media.freeImages();
    $("#desk-until").textContent = "";
    if (hasCase) fillForm(answer);
    if (!isFirst) moveFocus(newHeading(hasCase));
    if (!hasCase) return;
    media.showImage();
    if (state.mode !== "adjudicate") prefetchNext();
  }

  // Return why there is no case. Cases that still wait were skipped, or are being released by others.
  function emptyText(queue) {
    if (state.mode === "adjudicate") return texts.none_disputed;
    return queue && queue.waiting ? texts.only_skipped : texts.none_waiting;
  }

  // Return the mode of the page for a case. The server sends only what the person may see.
  function modeFor(answer) {
    if (answer.labels) return "adjudicate";
    if (answer.answer) return "revealed";
    return "blind";
  }

  // Return the selector of the heading that tells the person what to do next.
  function newHeading(hasCase) {
    if (!hasCase) return ".desk-empty p";
    return state.mode === "blind" ? ".desk-which" : ".desk-ask";
  }

  function fillForm(answer) {
    const caseView = answer.case;
    Object.assign(state, { blindLabel: null, renewedAt: Date.now() });
    $(".desk-form").reset();
    media.reset(caseView);
    $(".desk-which").textContent = questionAbout(caseView);
    showClaimEnd(caseView.until);
    label.show(answer);
    if (answer.own) label.restore(answer.own);
  }

  function questionAbout(caseView) {
    if (!caseView.format) return texts.not_kept;
    if (!caseView.subject) return texts.whole_file;
    return caseView.kind === "image" ? texts.which_face : texts.which_clip;
  }

  // Show the time until which the case is claimed.
  function showClaimEnd(until) {
    const place = $("#desk-until");
    place.textContent = until ? fill(texts.until, { time: times.clock(until) }) : "";
    place.title = until ? times.inUTC(until) : "";
  }

  function showQueue(queue) {
    if (!queue) return;
    for (const [name, count] of Object.entries(queue)) {
      $$(`[data-count=${name}]`).forEach((place) => (place.textContent = count));
    }
    const isAdmin = state.person && state.person.role === "admin";
    $("[data-do=disputed]").hidden = !isAdmin || state.mode === "adjudicate";
    $("[data-do=cases]").hidden = state.mode !== "adjudicate";
  }

  // Fetch the image of the next case while the person looks at this one.
  async function prefetchNext() {
    const skipped = [...state.skipped, state.current.id];
    try {
      const next = (await ask("/following", { skipped })).case;
      if (!next || !next.format) return;
      const path = firstImagePath(next);
      state.prefetched = { path, url: fetchImage(path) };
      state.prefetched.url.catch(() => (state.prefetched = null));
    } catch { /* the image is fetched when the case comes */ }
  }

  // Offer undo as long as the server allows it.
  function offerUndo() {
    const left = state.lastLabel ? state.lastLabel.when + UNDO_PERIOD - Date.now() : 0;
    $$("[data-do=undo]").forEach((button) => (button.disabled = left <= 0));
    clearTimeout(undoTimer);
    if (left > 0 && left < MAX_TIMEOUT) undoTimer = setTimeout(offerUndo, left);
  }

  // --- labelling
  function submit() {
    const newLabel = label.readComplete();
    if (!newLabel) return;
    // Keys that a person presses before the answer arrives must not go into the note.
    if (document.activeElement.id === "desk-note") document.activeElement.blur();
    const submits = { blind: submitBlind, revealed: submitFinal, adjudicate: submitDecision };
    attempt(() => submits[state.mode](state.current.id, newLabel));
  }

  async function submitBlind(id, newLabel) {
    const { answer } = await ask(`/case/${id}/blind`, newLabel);
    state.blindLabel = newLabel;
    state.mode = desk().dataset.state = "revealed";
    label.show({ answer });
    say("");
    moveFocus(".desk-ask");
    media.showHeatmap();
  }

  async function submitFinal(id, newLabel) {
    const isSame = state.blindLabel && label.isSame(newLabel, state.blindLabel);
    const body = isSame ? { same: true } : newLabel;
    const next = await ask(`/case/${id}/final`, { ...body, skipped: state.skipped });
    showSaved(id, next, false);
  }

  async function submitDecision(id, newLabel) {
    const next = await ask(`/case/${id}/adjudicate`, newLabel);
    showSaved(id, next, true);
  }

  function showSaved(id, next, adjudicated) {
    state.lastLabel = { id, when: Date.now(), adjudicated };
    showCase(next);
    say(texts.saved);
  }

  // --- what buttons do, by `data-do`
  async function takeNext() {
    state.mode = "blind";
    say("");
    showCase(await ask("/take", { skipped: state.skipped }));
  }

  async function takeDispute() {
    state.mode = "adjudicate";
    say("");
    showCase({ ...(await ask("/disputed", {})), queue: (await ask("/state")).queue });
  }

  async function skip() {
    state.skipped.push(state.current.id);
    showCase(await ask(`/case/${state.current.id}/skip`, { skipped: state.skipped }));
    say(texts.skipped);
  }

  async function flag(concern) {
    document.getElementById("desk-flag").close();
    state.skipped.push(state.current.id);
    showCase(await ask(`/case/${state.current.id}/flag`, { concern, skipped: state.skipped }));
    say(texts.flagged);
  }

  async function undo() {
    const { id, adjudicated } = state.lastLabel;
    const answer = await ask(`/case/${id}/undo`, { adjudicated });
    state.lastLabel = null;
    showCase(answer);
    say(texts.undone);
  }

  async function lookAgain() {
    state.skipped = [];
    await (state.mode === "adjudicate" ? takeDispute() : takeNext());
  }

  const actions = {
    ...media.actions,
    skip: () => attempt(skip),
    flag: () => document.getElementById("desk-flag").showModal(),
    concern: (button) => attempt(() => flag(button.dataset.name)),
    undo: () => state.lastLabel && attempt(undo),
    disputed: () => attempt(takeDispute),
    cases: () => attempt(takeNext),
    again: () => attempt(lookAgain),
    keys: () => document.getElementById("desk-keys").showModal(),
    close: (button) => button.closest("dialog").close(),
  };

  function onClick(event) {
    const pressed = event.target.closest("button");
    // After a click by mouse the button keeps no focus, so that Enter submits
    if (pressed && event.detail) pressed.blur();
    const button = event.target.closest("[data-do]");
    const action = button && actions[button.dataset.do];
    if (action) action(button);
  }

  // Follow a link to a case (#case=ID) or to a dispute (#disputed=ID). Returns false if there is none.
  async function followLink() {
    const [, kind, id] = location.hash.match(/^#(case|disputed)=([0-9a-f]{32})$/) || [];
    if (!id) return false;
    history.replaceState(null, "", location.pathname + location.search);
    const tab = document.querySelector("#cases-tab-button, button[role=tab]");
    if (tab) tab.click();
    showCase(kind === "case" ? await ask(`/case/${id}/take`, {}) : await ask(`/case/${id}/arguments`));
    return true;
  }

  // --- keys
  const TEXT_FIELDS =
    "textarea, input[type=text], input:not([type]), input[type=search], [contenteditable=true], select";

  function onKey(event) {
    if (!desk() || !desk().offsetParent) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const dialog = document.querySelector("#desk dialog[open]");
    if (dialog) return onDialogKey(event, dialog);
    // A person who keeps Enter pressed after the blind label would otherwise confirm it at once.
    if (event.key === "Enter" && event.repeat && !event.shiftKey) return event.preventDefault();
    if (event.target.closest(TEXT_FIELDS)) return onTextKey(event);
    if (ARROWS[event.key]) return onArrow(event);
    // Enter and space press the control that has the focus
    const isOnControl = event.target.closest("button, a, summary, video");
    if (isOnControl && ["Enter", " "].includes(event.key)) return;
    if (event.key === "Enter") return clickByKey(event, $(".desk-primary"));
    if (event.key === "n") {
      event.preventDefault();
      return $("#desk-note").focus();
    }
    if (event.key === "0") return media.zoomOut();
    const key = event.key.toLowerCase();
    const target = $$("[data-key]").find((one) => one.dataset.key === key && one.offsetParent);
    if (target) clickByKey(event, target);
  }

  function onDialogKey(event, dialog) {
    const choice = dialog.querySelector(`[data-dialog-key="${CSS.escape(event.key)}"]`);
    if (choice) clickByKey(event, choice);
  }

  function onTextKey(event) {
    if (event.key === "Escape") event.target.blur();
    const isNote = event.target.id === "desk-note";
    if (isNote && event.key === "Enter" && !event.shiftKey) clickByKey(event, $(".desk-primary"));
  }

  // Arrows move or resize the painted box, else pan a zoomed image, else change the frame.
  function onArrow(event) {
    if (event.target.closest(".gradio-container [role=tab], video")) return;
    const [axis, direction] = ARROWS[event.key];
    if (event.target.matches("input[type=radio]")) event.target.blur();
    const side = axis === "x" ? "width" : "height";
    if (!media.nudgeRegion({ [event.shiftKey ? side : axis]: direction })) {
      const isClip = state.current && state.current.kind === "video";
      const distance = -direction * PAN_STEP;
      if (state.zoom > 1 && axis === "x") media.pan(distance, 0);
      else if (state.zoom > 1) media.pan(0, distance);
      else if (axis === "x" && isClip) media.chooseFrame(state.frame + direction);
      else return;
    }
    event.preventDefault();
  }

  function clickByKey(event, target) {
    event.preventDefault();
    if (!target.disabled) target.click();
    renewClaim();
  }

  // Renew the claim of a person who is active, at most once per minute.
  async function renewClaim() {
    if (!state.current || !state.current.until || Date.now() - state.renewedAt < RENEW_AFTER) return;
    state.renewedAt = Date.now();
    try {
      showClaimEnd((await ask(`/case/${state.current.id}/renew`, {})).until);
    } catch { /* the next request says that the claim is lost */ }
  }

  // --- start
  async function start() {
    hasStarted = true;
    // Gradio's rules for running text would change margins and colours of everything inside
    desk().closest(".prose")?.classList.remove("prose");
    desk().addEventListener("click", onClick);
    $(".desk-form").addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    $(".desk-form").addEventListener("input", label.showSubmitText);
    document.addEventListener("keydown", onKey);
    document.addEventListener("pointerdown", renewClaim);
    window.addEventListener("hashchange", () => attempt(followLink));
    media.start();
    const blurFirst = document.getElementById("desk-blur-first");
    blurFirst.checked = setting.get("blur-first");
    blurFirst.addEventListener("change", () => {
      setting.set("blur-first", blurFirst.checked);
      media.setScreen("blur", blurFirst.checked);
    });
    await attempt(async () => {
      const { person, queue } = await ask("/state");
      state.person = person;
      document.body.classList.add(`desk-of-${person.role}`);
      document.getElementById("desk-me").textContent = `${person.name} · ${texts.roles[person.role]}`;
      showQueue(queue);
      if (!(await followLink())) await takeNext();
    });
  }

  // Gradio draws the page after this script runs
  new MutationObserver(() => {
    if (desk() && !hasStarted) start();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
