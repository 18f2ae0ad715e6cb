// Page of one case: facts, file, model's answer and history. A link #history=ID opens it.
(() => {
  const { texts } = window.lensCaseList;
  const { calls, element, fill, ask, imagePath, firstImagePath, setting } = window.lensDeskPage;
  const times = window.lensTimes;

  const board = () => document.getElementById("find");
  const byId = (id) => document.getElementById(`find-${id}`);
  // Link from which the page was opened, which gets the focus back.
  let openedFrom = null, hasStarted = false;

  function isShown(shown) {
    byId("case").hidden = !shown;
    byId("list").hidden = shown;
  }

  // --- facts
  function fact(name, content) {
    const description = document.createElement("dd");
    description.append(content);
    return [element("dt", texts.facts[name]), description];
  }

  function factsOf({ case: row, copies, imports }) {
    const names = {
      kind: texts.kinds, state: texts.states, reason: texts.reasons,
      decision: texts.values, own: texts.values,
    };
    const contents = { ...row, copies: copies ? String(copies) : null };
    contents.conflict = row.conflict === null ? null : texts.conflicts[row.conflict ? "yes" : "no"];
    contents.opened_at = row.opened_at && times.element(row.opened_at);
    return Object.keys(texts.facts).flatMap((name) => {
      if (name === "source" || name === "rights") return imports.flatMap((file) => fact(name, file[name]));
      const value = contents[name];
      if (value === null || value === undefined) return [];
      return fact(name, names[name] ? names[name][value] : value);
    });
  }

  // --- the model's answer
  function answerOf(answer) {
    const verdict = element("p", `${texts.model_says} `);
    verdict.append(element("b", answer.verdict ? texts.verdicts[answer.verdict] : texts.no_answer));
    const parts = [verdict];
    if (answer.fake_prob !== null) {
      parts.push(element("p", `${texts.probability}: ${Math.round(answer.fake_prob * 100)} %`));
    }
    const votes = Object.entries(answer.votes).filter(([, count]) => count);
    if (votes.length) {
      const counts = votes.map(([vote, count]) => `${count} ${texts.votes[vote]}`).join(", ");
      parts.push(element("p", `${texts.votes_title}: ${counts}`));
    }
    return [...parts, ...answer.provenance.map((sentence) => element("p", sentence))];
  }

  // --- history
  function authorOf(event) {
    if (event.is_own) return texts.you;
    return event.moderator || fill(texts.author, { number: event.number });
  }

  function sentenceOf(event) {
    const value = event.value && texts.values[event.value];
    const sentence = fill(texts.events[event.kind], { author: event.number ? authorOf(event) : "", value });
    const because = texts.reasons[event.reason] || texts.stages[event.stage] || texts.ways[event.how];
    return because ? fill(texts.because, { event: sentence, reason: because }) : sentence;
  }

  function entryOf(event) {
    const entry = document.createElement("li");
    entry.dataset.kind = event.kind;
    entry.append(times.element(event.time), " ", element("span", sentenceOf(event)));
    if (!event.label) return entry;
    const reasons = event.label.tags.map((tag) => texts.tag_names[tag]);
    entry.append(element("small", [texts.confidences[event.label.confidence - 1], ...reasons].join(", ")));
    if (event.label.note) entry.append(element("q", event.label.note, "desk-argument-note"));
    return entry;
  }

  // --- file
  function showPicture(file) {
    const figure = byId("picture"), image = figure.querySelector("img");
    figure.hidden = !file || !file.format;
    image.removeAttribute("src");
    if (figure.hidden) return;
    figure.classList.toggle("desk-blur", setting.get("blur-first"));
    image.src = calls + (file.kind === "image" ? imagePath(file, "plain", null) : firstImagePath(file));
  }

  function draw(history) {
    const { case: row, answer } = history;
    isShown(true);
    byId("message").textContent = "";
    byId("title").textContent = fill(texts.case, { id: row.id.slice(0, 8) });
    let note = "";
    if (!answer) note = texts.blind;
    else if (!history.is_settled) note = texts.unsettled;
    if (history.file && !history.file.format) note += ` ${texts.not_kept}`;
    byId("note").textContent = note.trim();
    byId("facts").replaceChildren(...factsOf(history));
    byId("answer").hidden = !answer;
    byId("answer").replaceChildren(...(answer ? answerOf(answer) : []));
    byId("history").replaceChildren(...history.events.map(entryOf));
    showPicture(history.file);
    showAction(row, history.can_decide);
    byId("title").focus();
  }

  function showAction(row, canDecide) {
    const link = byId("take");
    link.hidden = !row.can_label && !canDecide;
    link.textContent = canDecide ? texts.decide : texts.label_case;
    link.href = canDecide ? `#disputed=${row.id}` : `#case=${row.id}`;
  }

  async function open(id) {
    if (board().dataset.state === "loading") board().dataset.state = "case";
    byId("message").textContent = texts.loading;
    try {
      draw((await ask(`/case/${id}/history`)).history);
    } catch (error) {
      byId("message").textContent = error.code ? error.message : texts.failed;
      byId("message").classList.add("desk-wrong");
    }
  }

  function goBack() {
    isShown(false);
    history.replaceState(null, "", location.pathname + location.search);
    const needsList = board().dataset.state === "case";
    if (needsList) document.querySelector("[data-find=own]").click();
    const link = openedFrom && document.querySelector(`#find-cases a[href="${openedFrom}"]`);
    (link || byId("query")).focus();
  }

  // Open the case of a link, and its tab first. The tab's content may still have to be made.
  function followLink() {
    const [hash, id] = location.hash.match(/^#history=([0-9a-f]{32})$/) || [];
    if (!id) return;
    if (!board() || !board().offsetParent) document.querySelector("#find-tab-button")?.click();
    if (!board()) return;
    openedFrom = hash;
    open(id);
  }

  function start() {
    hasStarted = true;
    board().addEventListener("click", ({ target }) => {
      if (target.closest("[data-find=back]")) goBack();
    });
    followLink();
  }

  window.addEventListener("hashchange", followLink);
  new MutationObserver(() => {
    if (board() && !hasStarted) start();
    else if (!board() && location.hash.startsWith("#history=")) followLink();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
