// Admins' page about the model: it fetches snapshots, runs and versions and fills the markup of model.jinja.
(() => {
  const { calls, texts } = window.lensModel;
  // Milliseconds between two requests while something runs on the server.
  const BUSY_INTERVAL = 2000;
  // Milliseconds between two requests while the server is idle.
  const IDLE_INTERVAL = 15000;
  // Milliseconds of a person's inactivity after which the page sends no more requests. Each request would
  // keep the session alive.
  const ACTIVE_FOR = 20 * 60000;

  const state = { model: null, busy: false, activeAt: Date.now(), promoting: null, timer: null };
  let hasStarted = false;

  const board = () => document.getElementById("model");
  const byId = (id) => document.getElementById(`model-${id}`);
  const find = (selector) => board().querySelector(selector);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const { minute: minuteOf, element: timeElement, inUTC } = window.lensTimes;
  const element = (name, text = "", className = "") =>
    Object.assign(document.createElement(name), { textContent: text, className });

  // Fetch JSON. With a body the request is a POST. Throws an error with the server's message.
  async function ask(path, body) {
    const options = body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(calls + path, { ...options, credentials: "same-origin", cache: "no-store" });
    if (response.status === 401) location.assign("/sign-in");
    const answer = await response.json().catch(() => ({ error: { message: texts.trouble } }));
    if (!response.ok) throw Object.assign(new Error(answer.error.message), { isFromServer: true });
    return answer;
  }

  function say(text, isError = false) {
    byId("message").textContent = text;
    byId("message").classList.toggle("desk-wrong", isError);
  }

  // --- tables
  function cell(content) {
    const td = document.createElement("td");
    td.append(...[content].flat());
    return td;
  }

  function row(contents) {
    const tr = document.createElement("tr");
    tr.append(...contents.map(cell));
    return tr;
  }

  // Replace the rows of a table. `contentsOf` returns the cells of an item. A focused button keeps the focus.
  function drawRows(id, items, emptyText, contentsOf) {
    const table = byId(id), body = table.tBodies[0];
    const nameOf = (button) => `${button.dataset.model} ${button.dataset.of}`;
    const focused = body.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    body.replaceChildren(...items.map((item) => row(contentsOf(item))));
    if (!items.length) {
      body.append(row([emptyText]));
      body.rows[0].cells[0].colSpan = table.tHead.rows[0].cells.length;
    }
    if (focused) [...body.querySelectorAll("button")].find((one) => nameOf(one) === focused)?.focus();
  }

  function actionButton(action, subject, text, label) {
    const button = Object.assign(element("button", text), { type: "button" });
    Object.assign(button.dataset, { model: action, of: subject });
    button.setAttribute("aria-label", `${text}: ${label}`);
    return button;
  }

  function buttonGroup(buttons) {
    const group = element("div", "", "desk-buttons");
    group.append(...buttons);
    return group;
  }

  const shortId = (id) => Object.assign(element("code", id.slice(0, 8)), { title: id });
  const smallLine = (text, className) => [element("br"), element("small", text, className)];

  // --- sections
  function draw(model) {
    state.model = model;
    board().dataset.state = "shown";
    drawServing(model);
    drawSnapshots(model);
    drawRuns(model);
    drawVersions(model);
    scheduleRefresh();
  }

  function drawServing({ answering, before, versions }) {
    const champion = versions.find((version) => version.state === "champion");
    byId("answering").textContent = answering;
    byId("ancestry").textContent = champion
      ? fill(texts.ancestry, { lineage: champion.lineage.join(" ← ") })
      : texts.none_promoted;
    const isFollowing = champion && champion.promoted_at && champion.version !== answering;
    byId("following").textContent = isFollowing ? fill(texts.following, champion) : "";
    byId("stale").textContent = champion && champion.stale ? fill(texts.stale_champion, champion) : "";
    find("[data-model=rollback]").disabled = !before;
  }

  function drawSnapshots({ snapshots, errand }) {
    const counted = ["real", "fake", "train", "val", "gold"];
    drawRows("snapshots", snapshots, texts.no_snapshots, (snapshot) => [
      shortId(snapshot.snapshot),
      timeElement(snapshot.created_at),
      ...counted.map((name) => String(snapshot[name])),
      texts.snapshot_states[snapshot.state],
    ]);
    byId("freezing").textContent = freezingText(errand);
    find("[data-model=freeze]").disabled = Boolean(errand && errand.running);
    drawSnapshotChoice(snapshots.filter((snapshot) => snapshot.state === "frozen"));
  }

  function freezingText(errand) {
    if (!errand || errand.what !== "snapshot") return "";
    if (errand.running) return texts.freezing;
    return errand.error ? fill(texts.freeze_failed, errand) : texts.froze;
  }

  function drawSnapshotChoice(usable) {
    const select = find("select[name=snapshot]"), chosen = select.value;
    select.replaceChildren(...usable.map(({ snapshot, created_at: created }) => {
      const option = element("option", `${snapshot.slice(0, 8)} (${minuteOf(created)})`);
      option.value = snapshot;
      return option;
    }));
    if (usable.some((one) => one.snapshot === chosen)) select.value = chosen;
  }

  function drawRuns({ runs, replay, steps }) {
    byId("replay").textContent = replay ? texts.replayed : texts.not_replayed;
    const input = find("input[name=steps]");
    if (!input.value) input.value = steps;
    drawRows("runs", runs, texts.no_runs, (run) => {
      const isOver = ["finished", "cancelled"].includes(run.state);
      const buttons = [];
      if (!isOver && !run.alive) buttons.push(actionButton("resume", run.run, texts.resume, run.version));
      if (!isOver) buttons.push(actionButton("cancel", run.run, texts.cancel, run.version));
      const reason = run.message && !isOver ? smallLine(run.message) : [];
      return [
        run.version, shortId(run.snapshot), timeElement(run.created_at), [runState(run), ...reason],
        progressBar(run), buttonGroup(buttons),
      ];
    });
    const isRunning = runs.some((run) => run.alive);
    find("#model-begin button").disabled = isRunning || !find("select").options.length;
  }

  function runState(run) {
    if (run.state !== "running") return texts.run_states[run.state];
    return run.alive ? texts.at_work : texts.cut_off;
  }

  function progressBar(run) {
    const bar = Object.assign(document.createElement("progress"), { max: run.steps, value: run.step });
    const text = fill(texts.progress, run);
    bar.setAttribute("aria-label", `${run.version}: ${text}`);
    return [bar, element("span", ` ${text}`)];
  }

  function drawVersions({ versions, errand }) {
    byId("measuring").textContent = measuringText(errand);
    drawRows("versions", versions, texts.no_versions, (version) => [
      version.version,
      version.lineage.join(" ← "),
      timeElement(version.created_at),
      versionState(version),
      gateMark(version.passed),
      versionButtons(version, Boolean(errand && errand.running)),
    ]);
  }

  function measuringText(errand) {
    if (!errand || errand.what !== "gate") return "";
    let text = texts.measured;
    if (errand.running) text = texts.measuring;
    else if (errand.error) text = texts.measure_failed;
    return fill(text, { ...errand, version: errand.subject });
  }

  function versionState(version) {
    const parts = [texts.version_states[version.state]];
    if (version.promoted_by) {
      const names = { name: version.promoted_by, time: minuteOf(version.promoted_at) };
      const [lineBreak, line] = smallLine(fill(texts.promoted, names));
      parts.push(lineBreak, Object.assign(line, { title: inUTC(version.promoted_at) }));
    }
    if (version.stale) parts.push(...smallLine(texts.stale, "desk-fake"));
    return parts;
  }

  // `passed` is null if the gate has not measured the version.
  function gateMark(passed) {
    if (passed === null) return element("strong", texts.not_measured);
    return element("strong", passed ? texts.passed : texts.failed, passed ? "desk-real" : "desk-fake");
  }

  function versionButtons(version, isBusy) {
    const isNew = ["candidate", "rejected"].includes(version.state) && !version.retired_at && !version.stale;
    const isPromotable = version.state === "candidate" && version.passed && !version.stale;
    const wasChampion = version.retired_at && version.state !== "champion";
    const button = (action, text) => actionButton(action, version.version, text, version.version);
    const buttons = [];
    if (version.passed !== null) buttons.push(button("report", texts.report));
    if (isNew) buttons.push(Object.assign(button("measure", texts.measure), { disabled: isBusy }));
    if (isPromotable) buttons.push(button("promote", texts.promote));
    if (wasChampion) buttons.push(button("back", texts.go_back));
    return buttonGroup(buttons);
  }

  // --- the gate's report
  const figure = (value) => (value === null ? texts.no_figure : value.toFixed(4));
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(4);

  function drawReport(report) {
    const names = { candidate: report.candidate.version, champion: report.champion.version };
    byId("report").hidden = false;
    byId("report-title").textContent = fill(texts.report_of, names);
    byId("report-outcome").textContent = report.passed ? texts.may_promote : texts.may_not;
    drawRows("checks", report.checks, "", (check) => {
      const outcome = check.passed ? texts.check_passed : texts.check_failed;
      return [
        check.name, element("strong", outcome, check.passed ? "desk-real" : "desk-fake"),
        figure(check.candidate), figure(check.champion), difference(check), check.why,
      ];
    });
    byId("report-title").focus();
  }

  function difference({ low, high }) {
    if (low === null || high === null) return "";
    return fill(texts.interval, { low: signed(low), high: signed(high) });
  }

  // --- actions
  // Run one piece of work at a time and show its error.
  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    board().setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      say(error.isFromServer ? error.message : texts.trouble, true);
    } finally {
      state.busy = false;
      board().removeAttribute("aria-busy");
    }
  }

  const change = (path, body, message) => attempt(async () => {
    const model = await ask(path, body);
    draw(model);
    const champion = model.versions.find((version) => version.state === "champion");
    say(fill(message, { version: champion ? champion.version : "" }));
  });

  async function showReport(version) {
    drawReport(await ask(`/report?version=${encodeURIComponent(version)}`));
  }

  function confirmPromotion(version) {
    state.promoting = version;
    byId("promote-title").textContent = fill(texts.promote_title, { version });
    byId("promote").showModal();
  }

  function promote() {
    byId("promote").close();
    change("/promote", { version: state.promoting }, texts.promotion_done);
  }

  function begin(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    change("/begin", { snapshot: form.get("snapshot"), steps: Number(form.get("steps")) }, texts.begun);
  }

  // What buttons do, by `data-model`, with the subject in `data-of`
  const actions = {
    freeze: () => change("/freeze", {}, texts.freezing),
    cancel: (run) => change("/cancel", { run }, texts.cancelled),
    resume: (run) => change("/resume", { run }, texts.resumed),
    measure: (version) => change("/measure", { version }, ""),
    report: (version) => attempt(() => showReport(version)),
    promote: confirmPromotion,
    keep: () => byId("promote").close(),
    confirm: promote,
    rollback: () => change("/rollback", {}, texts.rolled_back),
    back: (version) => change("/rollback", { to: version }, texts.rolled_back),
  };

  // --- refreshing
  function isServerBusy({ runs, errand, versions, answering }) {
    const champion = versions.find((version) => version.promoted_at && version.state === "champion");
    const isFollowing = champion && champion.version !== answering;
    return runs.some((run) => run.state === "running") || (errand && errand.running) || isFollowing;
  }

  function scheduleRefresh(interval = isServerBusy(state.model) ? BUSY_INTERVAL : IDLE_INTERVAL) {
    clearTimeout(state.timer);
    state.timer = setTimeout(refresh, interval);
  }

  async function refresh() {
    const isVisible = board() && board().offsetParent && !document.hidden;
    const isActive = Date.now() - state.activeAt < ACTIVE_FOR;
    if (isVisible && isActive && !state.busy) {
      try {
        const model = await ask("");
        if (!state.busy) return draw(model);
      } catch { /* the server restarts; the next refresh asks again */ }
    }
    scheduleRefresh(BUSY_INTERVAL);
  }

  function onClick(event) {
    const button = event.target.closest("[data-model]");
    const action = button && actions[button.dataset.model];
    if (action) action(button.dataset.of);
  }

  function start() {
    hasStarted = true;
    // Gradio's rules for running text would change margins and colours of everything inside
    board().closest(".prose")?.classList.remove("prose");
    board().addEventListener("click", onClick);
    find("#model-begin").addEventListener("submit", begin);
    for (const name of ["pointerdown", "keydown"]) {
      document.addEventListener(name, () => (state.activeAt = Date.now()));
    }
    refresh();
  }

  // Gradio makes a tab's content when the tab is opened for the first time
  new MutationObserver(() => {
    if (board() && !hasStarted) start();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
