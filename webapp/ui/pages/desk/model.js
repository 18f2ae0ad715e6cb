// The admins' page about the model: what is asked of the server, and what it says drawn into the markup of model.py.
(() => {
  const { calls, texts } = window.lensModel;
  const OFTEN = 2000, SELDOM = 15000, AWAKE = 20 * 60000; // whoever has left the page must not stay signed in by it
  const board = () => document.getElementById("model");
  const byId = (id) => document.getElementById(`model-${id}`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const minutes = (time) => time.slice(0, 16).replace("T", " ");
  const state = { found: null, busy: false, touched: Date.now(), promoting: null, timer: null };

  async function ask(path, body) {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(calls + path, { ...options, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401) location.assign("/sign-in");
    const found = await answer.json().catch(() => ({ error: { message: texts.trouble } }));
    if (!answer.ok) throw Object.assign(new Error(found.error.message), { told: true });
    return found;
  }

  function say(text, wrong) {
    byId("message").textContent = text;
    byId("message").classList.toggle("desk-wrong", Boolean(wrong));
  }

  // --- what there is ----------------------------------------------------------------------------------------------------------------
  const element = (name, text, className) => Object.assign(document.createElement(name), { textContent: text ?? "", className: className || "" });

  function cell(content) {
    const made = document.createElement("td");
    made.append(...[content].flat());
    return made;
  }

  function drawRows(id, list, none, row) {
    const body = byId(id).tBodies[0], width = byId(id).tHead.rows[0].cells.length;
    const focused = body.contains(document.activeElement) ? `${document.activeElement.dataset.model} ${document.activeElement.dataset.of}` : null;
    body.replaceChildren(...list.map((one) => {
      const made = document.createElement("tr");
      made.append(...row(one).map(cell));
      return made;
    }));
    if (!list.length) {
      const empty = cell(none);
      empty.colSpan = width;
      body.append(document.createElement("tr"));
      body.lastChild.append(empty);
    }
    if (focused) [...body.querySelectorAll("button")].find((one) => `${one.dataset.model} ${one.dataset.of}` === focused)?.focus();
  }

  function button(does, of, word, about) {
    const made = element("button", word);
    made.type = "button";
    Object.assign(made.dataset, { model: does, of });
    made.setAttribute("aria-label", `${word}: ${about}`);
    return made;
  }

  const short = (id) => Object.assign(element("code", id.slice(0, 8)), { title: id });

  function draw(found) {
    state.found = found;
    board().dataset.state = "shown";
    drawAnswering(found);
    drawSnapshots(found);
    drawRuns(found);
    drawVersions(found);
    again();
  }

  function drawAnswering({ answering, before, versions }) {
    const champion = versions.find((one) => one.state === "champion");
    byId("answering").textContent = answering;
    byId("ancestry").textContent = champion ? fill(texts.ancestry, { lineage: champion.lineage.join(" ← ") }) : texts.none_promoted;
    const moving = champion && champion.promoted_at && champion.version !== answering;
    byId("following").textContent = moving ? fill(texts.following, champion) : "";
    byId("stale").textContent = champion && champion.stale ? fill(texts.stale_champion, champion) : "";
    board().querySelector("[data-model=rollback]").disabled = !before;
  }

  function drawSnapshots({ snapshots, errand }) {
    drawRows("snapshots", snapshots, texts.no_snapshots, (one) => [
      short(one.snapshot), minutes(one.created_at), ...["real", "fake", "train", "val", "gold"].map((name) => String(one[name])),
      texts.snapshot_states[one.state],
    ]);
    const ours = errand && errand.what === "snapshot" ? errand : null;
    byId("freezing").textContent = !ours ? "" : ours.running ? texts.freezing : ours.error ? fill(texts.freeze_failed, ours) : texts.froze;
    board().querySelector("[data-model=freeze]").disabled = Boolean(errand && errand.running);
    const select = board().querySelector("select[name=snapshot]"), usable = snapshots.filter((one) => one.state === "frozen");
    const chosen = select.value;
    select.replaceChildren(...usable.map((one) => {
      const option = element("option", `${one.snapshot.slice(0, 8)} (${minutes(one.created_at)})`);
      option.value = one.snapshot;
      return option;
    }));
    if (usable.some((one) => one.snapshot === chosen)) select.value = chosen;
  }

  function progress(one) {
    const bar = Object.assign(document.createElement("progress"), { max: one.steps, value: one.step });
    const text = fill(texts.progress, one);
    bar.setAttribute("aria-label", `${one.version}: ${text}`);
    return [bar, element("span", ` ${text}`)];
  }

  function drawRuns({ runs, replay, steps }) {
    byId("replay").textContent = replay ? texts.replayed : texts.not_replayed;
    const input = board().querySelector("input[name=steps]");
    if (!input.value) input.value = steps;
    drawRows("runs", runs, texts.no_runs, (one) => {
      const going = one.state === "running", over = ["finished", "cancelled"].includes(one.state);
      const why = one.message && !over ? [element("br"), element("small", one.message)] : [];
      const does = over ? [] : [button("cancel", one.run, texts.cancel, one.version)];
      if (!over && !one.alive) does.unshift(button("resume", one.run, texts.resume, one.version));
      const group = element("div", "", "desk-buttons");
      group.append(...does);
      const said = going ? (one.alive ? texts.at_work : texts.cut_off) : texts.run_states[one.state];
      return [one.version, short(one.snapshot), minutes(one.created_at), [said, ...why], progress(one), [group]];
    });
    board().querySelector("#model-begin button").disabled = runs.some((one) => one.alive) || !board().querySelector("select").options.length;
  }

  function drawVersions({ versions, errand }) {
    const ours = errand && errand.what === "gate" ? { ...errand, version: errand.subject } : null;
    const word = ours && (ours.running ? texts.measuring : ours.error ? texts.measure_failed : texts.measured);
    byId("measuring").textContent = ours ? fill(word, ours) : "";
    drawRows("versions", versions, texts.no_versions, (one) => {
      const gate = one.passed === null ? texts.not_measured : one.passed ? texts.passed : texts.failed;
      const mark = element("strong", gate, one.passed === null ? "" : one.passed ? "desk-real" : "desk-fake");
      const since = one.promoted_by ? [element("br"), element("small", fill(texts.promoted, { name: one.promoted_by, time: minutes(one.promoted_at) }))] : [];
      if (one.stale) since.push(element("br"), element("small", texts.stale, "desk-fake"));
      const group = element("div", "", "desk-buttons"), add = (name, text) => group.append(button(name, one.version, text, one.version));
      if (one.passed !== null) add("report", texts.report);
      if (["candidate", "rejected"].includes(one.state) && !one.retired_at && !one.stale) add("measure", texts.measure);
      if (one.state === "candidate" && one.passed && !one.stale) add("promote", texts.promote);
      if (one.retired_at && one.state !== "champion") add("back", texts.go_back);
      group.querySelectorAll("[data-model=measure]").forEach((made) => (made.disabled = Boolean(errand && errand.running)));
      return [one.version, one.lineage.join(" ← "), minutes(one.created_at), [texts.version_states[one.state], ...since], [mark], [group]];
    });
  }

  const figure = (value) => (value === null ? texts.no_figure : value.toFixed(4));
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(4);

  function drawReport(report) {
    byId("report").hidden = false;
    byId("report-title").textContent = fill(texts.report_of, { candidate: report.candidate.version, champion: report.champion.version });
    byId("report-outcome").textContent = report.passed ? texts.may_promote : texts.may_not;
    drawRows("checks", report.checks, "", (check) => [
      check.name, [element("strong", check.passed ? texts.check_passed : texts.check_failed, check.passed ? "desk-real" : "desk-fake")],
      figure(check.candidate), figure(check.champion),
      check.low === null || check.high === null ? "" : fill(texts.interval, { low: signed(check.low), high: signed(check.high) }), check.why,
    ]);
    byId("report-title").focus();
  }

  // --- what is done -----------------------------------------------------------------------------------------------------------------
  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    board().setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      say(error.told ? error.message : texts.trouble, true);
    } finally {
      state.busy = false;
      board().removeAttribute("aria-busy");
    }
  }

  const change = (path, body, said) => attempt(async () => {
    const found = await ask(path, body);
    draw(found);
    const champion = found.versions.find((one) => one.state === "champion");
    say(fill(said, { version: champion ? champion.version : "" }));
  });

  const doing = {
    freeze: () => change("/freeze", {}, texts.freezing),
    cancel: (of) => change("/cancel", { run: of }, texts.cancelled),
    resume: (of) => change("/resume", { run: of }, texts.resumed),
    measure: (of) => change("/measure", { version: of }, ""),
    report: (of) => attempt(async () => drawReport(await ask(`/report?version=${encodeURIComponent(of)}`))),
    promote: (of) => {
      state.promoting = of;
      byId("promote-title").textContent = fill(texts.promote_title, { version: of });
      byId("promote").showModal();
    },
    keep: () => byId("promote").close(),
    confirm: () => {
      byId("promote").close();
      change("/promote", { version: state.promoting }, texts.promotion_done);
    },
    rollback: () => change("/rollback", {}, texts.rolled_back),
    back: (of) => change("/rollback", { to: of }, texts.rolled_back),
  };

  function begin(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    change("/begin", { snapshot: form.get("snapshot"), steps: Number(form.get("steps")) }, texts.begun);
  }

  // --- looking again ----------------------------------------------------------------------------------------------------------------
  function moves({ runs, errand, versions, answering }) {
    const champion = versions.find((one) => one.promoted_at && one.state === "champion");
    return runs.some((one) => one.state === "running") || (errand && errand.running) || (champion && champion.version !== answering);
  }

  function again() {
    clearTimeout(state.timer);
    state.timer = setTimeout(look, moves(state.found) ? OFTEN : SELDOM);
  }

  async function look() {
    const seen = board() && board().offsetParent && !document.hidden && Date.now() - state.touched < AWAKE;
    if (!seen || state.busy) return void (state.timer = setTimeout(look, OFTEN));
    try {
      const found = await ask("");
      if (!state.busy) return draw(found);
    } catch { /* the server restarts: it is asked again */ }
    state.timer = setTimeout(look, OFTEN);
  }

  function start() {
    state.started = true;
    board().closest(".prose")?.classList.remove("prose");
    board().addEventListener("click", (event) => {
      const pressed = event.target.closest("[data-model]");
      if (pressed && doing[pressed.dataset.model]) doing[pressed.dataset.model](pressed.dataset.of);
    });
    board().querySelector("#model-begin").addEventListener("submit", begin);
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (state.touched = Date.now()));
    look();
  }

  // A tab's content is made when it is opened first.
  new MutationObserver(() => board() && !state.started && start()).observe(document.documentElement, { childList: true, subtree: true });
})();
