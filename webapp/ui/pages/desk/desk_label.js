// The label form, and beside it the model's answer and the moderators' arguments, once they may be shown.
window.lensDeskLabel = (() => {
  const { texts, state, $, $$, fill, press, isPressed, element, say } = window.lensDeskPage;
  const media = window.lensDeskMedia;

  // An unusable file needs no confidence: it counts as certain
  const UNUSABLE_CONFIDENCE = 3;

  // Return what the form says, complete or not.
  function read() {
    const form = new FormData($(".desk-form")), value = form.get("value");
    const implied = value === "unusable" ? UNUSABLE_CONFIDENCE : 0;
    return {
      value,
      confidence: Number(form.get("confidence") || implied),
      tags: form.getAll("tags"),
      note: form.get("note").trim(),
      region: state.region,
    };
  }

  // Return the label, or say what is missing and return null.
  function readComplete() {
    const label = read();
    if (label.value && label.confidence) return label;
    say(label.value ? texts.missing_confidence : texts.missing_value, true);
    return null;
  }

  function isSame(label, other) {
    const ordered = ({ tags, ...rest }) => JSON.stringify({ ...rest, tags: [...tags].sort() });
    return ordered(label) === ordered(other);
  }

  // Fill the form with the person's own label after a reload.
  function restore(label) {
    for (const name of ["value", "confidence"]) {
      $(`input[name=${name}][value="${label[name]}"]`).checked = true;
    }
    $$("input[name=tags]").forEach((box) => (box.checked = label.tags.includes(box.value)));
    $("#desk-note").value = label.note;
    if (label.region) media.setRegion(label.region);
    state.blindLabel = readComplete();
    show({ answer: state.answer });
  }

  // Show the question, the model's answer and the moderators' labels, as far as the server sent them.
  function show({ answer, labels }) {
    state.answer = answer;
    const questions = {
      blind: texts.ask_blind, revealed: texts.ask_revealed, adjudicate: texts.ask_adjudicate,
    };
    $(".desk-ask").textContent = questions[state.mode];
    $(".desk-values legend").textContent = state.current.subject ? texts.value : texts.value_of_file;
    $(".desk-answer").hidden = !answer;
    $(".desk-answer").replaceChildren(...(answer ? answerElements(answer) : []));
    $(".desk-labels").hidden = !labels;
    $(".desk-labels").replaceChildren(...(labels ? argumentElements(labels) : []));
    for (const name of ["skip", "flag", "undo"]) {
      const isOffered = state.mode === "blind" || (state.mode === "adjudicate" && name === "undo");
      $(`.desk-send [data-do=${name}]`).hidden = !isOffered;
    }
    showSubmitText();
  }

  function showSubmitText() {
    const submitTexts = { blind: texts.submit, adjudicate: texts.decide, revealed: texts.change };
    const { blindLabel, mode } = state, label = read();
    const isUnchanged = mode === "revealed" && blindLabel && label.value && isSame(blindLabel, label);
    $(".desk-primary span").textContent = isUnchanged ? texts.keep : submitTexts[mode];
  }

  // --- the model's answer
  function answerElements(answer) {
    const elements = [];
    if (state.blindLabel) {
      const { value, confidence } = state.blindLabel;
      const names = { value: texts.values[value], confidence: texts.confidences[confidence - 1] };
      elements.push(element("p", fill(texts.changed_of, names), "desk-yours"));
    }
    if (answer.verdict) {
      const line = element("p", `${texts.model_says} `, "desk-verdict");
      line.append(element("strong", texts.verdicts[answer.verdict], `desk-${answer.verdict}`));
      const bar = element("div", "", "desk-prob"), pointer = element("span");
      pointer.style.left = `${100 * answer.fake_prob}%`;
      bar.append(pointer);
      const figure = element("p", `${answer.fake_prob.toFixed(4)} ${texts.probability}`, "desk-number");
      elements.push(line, bar, figure);
    } else {
      elements.push(element("p", texts.no_answer));
    }
    const votes = Object.entries(answer.votes).filter(([, count]) => count);
    const voteList = votes.map(([vote, count]) => `${count} ${texts.votes[vote]}`).join(", ");
    elements.push(element("p", votes.length ? `${texts.visitors}: ${voteList}.` : texts.no_votes));
    const hasHeatmap = state.current.format && answer.verdict;
    const model = hasHeatmap ? fill(texts.by_model, { model: answer.model }) : answer.model;
    elements.push(element("p", model, "desk-small"));
    if (answer.provenance.length) {
      const list = element("ul");
      list.append(...answer.provenance.map((sentence) => element("li", sentence)));
      elements.push(element("h3", texts.provenance), list);
    }
    return elements;
  }

  // --- the moderators' arguments
  function argumentElements(labels) {
    // The last label of each moderator, with the one before it
    const byModerator = new Map();
    for (const label of labels) {
      byModerator.set(label.moderator, { ...label, before: byModerator.get(label.moderator) });
    }
    return [element("h3", texts.arguments), ...[...byModerator.values()].map(argumentElement)];
  }

  function argumentElement(label) {
    const card = element("article", "", "desk-argument"), head = element("p");
    const confidence = texts.confidences[label.confidence - 1].toLowerCase();
    head.append(
      element("b", fill(texts.moderator, { number: label.moderator })), ": ",
      element("strong", texts.values[label.value], `desk-${label.value}`), `, ${confidence}`,
    );
    card.append(head);
    if (label.before && label.before.value !== label.value) {
      const before = fill(texts.before, { value: texts.values[label.before.value] });
      card.append(element("p", before, "desk-small"));
    }
    const tags = label.tags.map((tag) => texts.tag_names[tag]).join(", ");
    if (tags) card.append(element("p", tags, "desk-small"));
    card.append(element("p", label.note || texts.no_note, label.note ? "desk-argument-note" : "desk-small"));
    if (label.region) card.append(regionButton(label.region));
    return card;
  }

  function regionButton(region) {
    const button = Object.assign(element("button", texts.show_region), { type: "button" });
    press(button, false);
    button.addEventListener("click", () => {
      const on = !isPressed(button);
      $$(".desk-argument button").forEach((other) => press(other, on && other === button));
      if (on) media.showOthersRegion(region);
      else media.hideOthersRegion();
    });
    return button;
  }

  return { readComplete, isSame, restore, show, showSubmitText };
})();
