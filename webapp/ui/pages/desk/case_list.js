// List of cases: filters, pages, search by text and by a file. It fills the markup of case_list.jinja.
(() => {
  const { calls, texts } = window.lensCaseList;
  const { element, fill, ask } = window.lensDeskPage;
  const times = window.lensTimes;

  // `own`: the list shows the person's own cases. `next`: cursor of the following page. `request` counts
  // requests, so that a late answer does not replace a newer one.
  const state = { own: true, next: null, request: 0, hasStarted: false, hasChoices: false };

  const board = () => document.getElementById("find");
  const byId = (id) => document.getElementById(`find-${id}`);
  const find = (selector) => board().querySelector(selector);

  function say(text, isError = false) {
    byId("message").textContent = text;
    byId("message").classList.toggle("desk-wrong", isError);
  }

  // Run a request. Its answer is drawn only if no newer request has begun.
  async function attempt(work, draw) {
    const request = ++state.request;
    board().setAttribute("aria-busy", "true");
    try {
      const answer = await work();
      if (request !== state.request) return;
      say("");
      draw(answer);
    } catch (error) {
      if (request === state.request) say(error.code ? error.message : texts.failed, true);
    } finally {
      if (request === state.request) board().removeAttribute("aria-busy");
    }
  }

  // --- the table
  const opinion = (value, names) => (value === null ? "–" : names[value]);
  const time = (value) => (value === null ? "–" : times.element(value));

  function row(found) {
    const tr = document.createElement("tr");
    tr.dataset.case = found.id;
    const timeShown = state.own ? found.labelled_at : found.opened_at;
    const contents = [
      caseLink(found), texts.kinds[found.kind] || "–", texts.states[found.state], time(timeShown),
      opinion(found.verdict, texts.verdicts), reasonText(found), opinion(found.decision, texts.values),
      opinion(found.own, texts.values), action(found),
    ];
    tr.append(...contents.map((content) => {
      const td = document.createElement("td");
      td.append(...[content].flat());
      return td;
    }));
    return tr;
  }

  function caseLink(found) {
    const link = element("a", found.id.slice(0, 8));
    link.href = `#history=${found.id}`;
    link.setAttribute("aria-label", fill(texts.open_case, { id: found.id.slice(0, 8) }));
    const parts = [link];
    if (found.match) parts.push(element("br"), element("small", found.match));
    return parts;
  }

  function reasonText(found) {
    if (found.reason === null) return "–";
    return found.conflict && found.reason !== "conflict"
      ? `${texts.reasons[found.reason]}; ${texts.conflicts.yes}`
      : texts.reasons[found.reason];
  }

  function action(found) {
    if (!found.can_label) return "";
    const link = element("a", texts.label_case);
    link.href = `#case=${found.id}`;
    link.setAttribute("aria-label", `${texts.label_case}: ${found.id.slice(0, 8)}`);
    return link;
  }

  function drawRows(cases, emptyText, isMore = false) {
    const table = byId("cases"), body = table.tBodies[0];
    if (!isMore) body.replaceChildren();
    table.tHead.rows[0].cells[3].textContent = state.own ? texts.labelled_column : texts.columns[3];
    body.append(...cases.map(row));
    if (!body.rows.length) {
      const td = element("td", emptyText);
      td.colSpan = table.tHead.rows[0].cells.length;
      body.append(document.createElement("tr"));
      body.rows[0].append(td);
    }
  }

  const countRows = () => byId("cases").querySelectorAll("tr[data-case]").length;

  // --- the list
  function query() {
    const wanted = new URLSearchParams({ own: state.own ? "1" : "" });
    for (const [name, value] of new FormData(byId("filters"))) {
      const isOfOthers = name === "moderator" && state.own;
      if (!value || isOfOthers) continue;
      if (name !== "age") wanted.set(name, value);
      else if (value.startsWith("-")) wanted.set("max_days", value.slice(1));
      else wanted.set("min_days", value.slice(0, -1));
    }
    return wanted;
  }

  function showList() {
    for (const name of ["own", "all"]) {
      find(`[data-find=${name}]`).setAttribute("aria-pressed", String((name === "own") === state.own));
    }
    byId("filters").elements.moderator.disabled = state.own;
    attempt(() => ask(`/cases?${query()}`), (page) => drawPage(page, false));
  }

  function showMore() {
    const wanted = query();
    wanted.set("cursor", state.next);
    attempt(() => ask(`/cases?${wanted}`), (page) => drawPage(page, true));
  }

  function drawPage(page, isMore) {
    board().dataset.state = "list";
    state.next = page.next;
    drawRows(page.cases, texts.none, isMore);
    byId("count").textContent = fill(texts.shown, { count: countRows() });
    find("[data-find=more]").hidden = page.next === null;
  }

  function choose(own) {
    state.own = own;
    showList();
  }

  // --- search
  function showFound({ cases }) {
    board().dataset.state = "found";
    state.own = false;
    find("[data-find=more]").hidden = true;
    for (const name of ["own", "all"]) find(`[data-find=${name}]`).setAttribute("aria-pressed", "false");
    drawRows(cases, texts.none_found);
    byId("count").textContent = fill(texts.found, { count: cases.length });
  }

  function searchText(event) {
    event.preventDefault();
    const text = byId("query").value;
    attempt(() => ask("/cases/find", { text }), showFound);
  }

  function searchFile(file) {
    say(texts.searching);
    attempt(() => sendFile(file), ({ cases }) => showFound({ cases: cases.map(withMatch) }));
  }

  function withMatch(found) {
    const match = found.distance === null ? texts.same_file : fill(texts.near_copy, { bits: found.distance });
    return { ...found, match };
  }

  async function sendFile(file) {
    const response = await fetch(`${calls}/cases/file`, {
      method: "POST", body: file, credentials: "same-origin", cache: "no-store",
      headers: { "Content-Type": "application/octet-stream" },
    });
    if (response.status === 401) location.assign("/sign-in");
    const answer = await response.json().catch(() => ({ error: { message: texts.failed } }));
    if (!response.ok) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer;
  }

  function onDrop(event) {
    const [file] = event.dataTransfer.files;
    // Text that is dropped into the field stays text.
    if (!file) return;
    event.preventDefault();
    byId("list").classList.remove("find-over");
    searchFile(file);
  }

  // --- start
  async function fillChoices() {
    const { choices } = await ask("/cases/choices");
    const fields = byId("filters").elements;
    for (const [name, values] of [["model", choices.models], ["moderator", choices.moderators]]) {
      fields[name].append(...values.map((value) => new Option(value, value)));
      fields[name].closest("label").hidden = !values.length;
    }
  }

  async function start() {
    state.hasStarted = true;
    // Gradio's rules for running text would change margins and colours of everything inside
    board().closest(".prose")?.classList.remove("prose");
    byId("text").addEventListener("submit", searchText);
    byId("filters").addEventListener("change", showList);
    byId("filters").addEventListener("reset", () => setTimeout(showList));
    byId("file").addEventListener("change", ({ target }) => {
      if (target.files.length) searchFile(target.files[0]);
      // The same file may be chosen again
      target.value = "";
    });
    byId("list").addEventListener("dragover", (event) => {
      event.preventDefault();
      byId("list").classList.add("find-over");
    });
    byId("list").addEventListener("dragleave", () => byId("list").classList.remove("find-over"));
    byId("list").addEventListener("drop", onDrop);
    const actions = { own: () => choose(true), all: () => choose(false), more: showMore };
    board().addEventListener("click", ({ target }) => {
      const button = target.closest("[data-find]");
      if (button && actions[button.dataset.find]) actions[button.dataset.find]();
    });
    const { person } = await ask("/state");
    if (person.role === "admin") find("[data-find=all]").textContent = texts.all_cases;
    await fillChoices();
    // A link to a case or a search may have been quicker
    if (board().dataset.state === "loading") showList();
  }

  // Gradio makes a tab's content when the tab is opened for the first time
  new MutationObserver(() => {
    if (board() && !state.hasStarted) start().catch(() => say(texts.failed, true));
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
