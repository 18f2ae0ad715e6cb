// The admins' page about the model: what is asked of the server, and what it says drawn into the markup of model.py.
(() => {
  const { calls, words } = window.lensModel;
  const OFTEN = 2000, SELDOM = 15000, AWAKE = 20 * 60000; // whoever has left the page must not stay signed in by it
  const board = () => document.getElementById("model");
  const at = (id) => document.getElementById(`model-${id}`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const minutes = (time) => time.slice(0, 16).replace("T", " ");
  const state = { found: null, busy: false, touched: Date.now(), promoting: null, timer: null };

  async function ask(path, body) {
    const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(calls + path, { ...options, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401) location.assign("/sign-in");
    const found = await answer.json().catch(() => ({ error: { message: words.trouble } }));
    if (!answer.ok) throw Object.assign(new Error(found.error.message), { told: true });
    return found;
  }

  function say(text, wrong) {
    at("message").textContent = text;
    at("message").classList.toggle("desk-wrong", Boolean(wrong));
  }

  // --- what there is ----------------------------------------------------------------------------------------------------------------
  const element = (name, text, className) => Object.assign(document.createElement(name), { textContent: text ?? "", className: className || "" });

  function cell(content) {
    const made = document.createElement("td");
    made.append(...[content].flat());
    return made;
  }

  function rows(id, list, none, row) {
    const body = at(id).tBodies[0], width = at(id).tHead.rows[0].cells.length;
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
    at("answering").textContent = answering;
    at("ancestry").textContent = champion ? fill(words.ancestry, { lineage: champion.lineage.join(" ← ") }) : words.none_promoted;
    const moving = champion && champion.promoted_at && champion.version !== answering;
    at("following").textContent = moving ? fill(words.following, champion) : "";
    at("stale").textContent = champion && champion.stale ? fill(words.stale_champion, champion) : "";
    board().querySelector("[data-model=rollback]").disabled = !before;
  }

  function drawSnapshots({ snapshots, errand }) {
    rows("snapshots", snapshots, words.no_snapshots, (one) => [
      short(one.snapshot), minutes(one.created_at), ...["real", "fake", "train", "val", "gold"].map((name) => String(one[name])),
      words.snapshot_states[one.state],
    ]);
    const ours = errand && errand.what === "snapshot" ? errand : null;
    at("freezing").textContent = !ours ? "" : ours.running ? words.freezing : ours.error ? fill(words.freeze_failed, ours) : words.froze;
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
    const text = fill(words.progress, one);
    bar.setAttribute("aria-label", `${one.version}: ${text}`);
    return [bar, element("span", ` ${text}`)];
  }

  function drawRuns({ runs, replay, steps }) {
    at("replay").textContent = replay ? words.replayed : words.not_replayed;
    const input = board().querySelector("input[name=steps]");
    if (!input.value) input.value = steps;
    rows("runs", runs, words.no_runs, (one) => {
      const going = one.state === "running", over = ["finished", "cancelled"].includes(one.state);
      const why = one.message && !over ? [element("br"), element("small", one.message)] : [];
      const does = over ? [] : [button("cancel", one.run, words.cancel, one.version)];
      if (!over && !one.alive) does.unshift(button("resume", one.run, words.resume, one.version));
      const group = element("div", "", "desk-buttons");
      group.append(...does);
      const said = going ? (one.alive ? words.at_work : words.cut_off) : words.run_states[one.state];
      return [one.version, short(one.snapshot), minutes(one.created_at), [said, ...why], progress(one), [group]];
    });
    board().querySelector("#model-begin button").disabled = runs.some((one) => one.alive) || !board().querySelector("select").options.length;
  }

  function drawVersions({ versions, errand }) {
    const ours = errand && errand.what === "gate" ? { ...errand, version: errand.subject } : null;
    const word = ours && (ours.running ? words.measuring : ours.error ? words.measure_failed : words.measured);
    at("measuring").textContent = ours ? fill(word, ours) : "";
    rows("versions", versions, words.no_versions, (one) => {
      const gate = one.passed === null ? words.not_measured : one.passed ? words.passed : words.failed;
      const mark = element("strong", gate, one.passed === null ? "" : one.passed ? "desk-real" : "desk-fake");
      const since = one.promoted_by ? [element("br"), element("small", fill(words.promoted, { name: one.promoted_by, time: minutes(one.promoted_at) }))] : [];
      if (one.stale) since.push(element("br"), element("small", words.stale, "desk-fake"));
      const group = element("div", "", "desk-buttons"), add = (name, text) => group.append(button(name, one.version, text, one.version));
      if (one.passed !== null) add("report", words.report);
      if (["candidate", "rejected"].includes(one.state) && !one.retired_at && !one.stale) add("measure", words.measure);
      if (one.state === "candidate" && one.passed && !one.stale) add("promote", words.promote);
      if (one.retired_at && one.state !== "champion") add("back", words.go_back);
      group.querySelectorAll("[data-model=measure]").forEach((made) => (made.disabled = Boolean(errand && errand.running)));
      return [one.version, one.lineage.join(" ← "), minutes(one.created_at), [words.version_states[one.state], ...since], [mark], [group]];
    });
  }

  const figure = (value) => (value === null ? words.no_figure : value.toFixed(4));
  const signed = (value) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(4);

  function drawReport(report) {
    at("report").hidden = false;
    at("report-title").textContent = fill(words.report_of, { candidate: report.candidate.version, champion: report.champion.version });
    at("report-outcome").textContent = report.passed ? words.may_promote : words.may_not;
    rows("checks", report.checks, "", (check) => [
      check.name, [element("strong", check.passed ? words.check_passed : words.check_failed, check.passed ? "desk-real" : "desk-fake")],
      figure(check.candidate), figure(check.champion),
      check.low === null || check.high === null ? "" : fill(words.interval, { low: signed(check.low), high: signed(check.high) }), check.why,
    ]);
    at("report-title").focus();
  }

  // --- what is done -----------------------------------------------------------------------------------------------------------------
  async function attempt(work) {
    if (state.busy) return;
    state.busy = true;
    board().setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      say(error.told ? error.message : words.trouble, true);
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
    freeze: () => change("/freeze", {}, words.freezing),
    cancel: (of) => change("/cancel", { run: of }, words.cancelled),
    resume: (of) => change("/resume", { run: of }, words.resumed),
    measure: (of) => change("/measure", { version: of }, ""),
    report: (of) => attempt(async () => drawReport(await ask(`/report?version=${encodeURIComponent(of)}`))),
    promote: (of) => {
      state.promoting = of;
      at("promote-title").textContent = fill(words.promote_title, { version: of });
      at("promote").showModal();
    },
    keep: () => at("promote").close(),
    confirm: () => {
      at("promote").close();
      change("/promote", { version: state.promoting }, words.promotion_done);
    },
    rollback: () => change("/rollback", {}, words.rolled_back),
    back: (of) => change("/rollback", { to: of }, words.rolled_back),
  };

  function begin(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    change("/begin", { snapshot: form.get("snapshot"), steps: Number(form.get("steps")) }, words.begun);
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
