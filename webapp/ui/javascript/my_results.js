// List of this device's results on the receipt page. The server sees a receipt only when its result is opened
// or deleted.
(() => {
  // The page shows one result, or the list if its address names none.
  document.documentElement.toggleAttribute("data-receipt", location.hash.length > 1);

  const section = () => document.querySelector("#my-results");
  const words = () => JSON.parse(section().dataset.words);
  const linkOf = (entry) => `${section().dataset.page}#${entry.receipt}`;
  const done = (text) => { section().querySelector(".lens-done").textContent = text; };

  const element = (name, properties = {}, ...children) => {
    const created = Object.assign(document.createElement(name), properties);
    created.append(...children);
    return created;
  };

  // The buttons of all entries have the same words, so their names add the entry.
  const button = (action, label, name, receipt) => {
    const created = element("button", { type: "button", className: "lens-tour", textContent: label });
    Object.assign(created.dataset, { do: action, receipt });
    created.setAttribute("aria-label", `${label}: ${name}`);
    return created;
  };

  const colour = (state) => (["fake", "real", "inconclusive"].includes(state) ? state : "unjudged");

  const item = (entry, texts) => {
    const date = new Date(entry.created).toLocaleString(document.documentElement.lang, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const state = texts.states[entry.state] || entry.state;
    const name = `${state}, ${date}`;
    const picture = entry.thumbnail
      ? element("img", { src: entry.thumbnail, alt: "" })
      : element("span", { className: "lens-no-picture" });
    const open = element("a", { href: linkOf(entry), textContent: texts.open });
    open.setAttribute("aria-label", `${texts.open}: ${name}`);
    return element(
      "li",
      {},
      picture,
      element(
        "div",
        {},
        element("p", {}, element("span", {
          className: `lens-pill lens-${colour(entry.state)}`,
          textContent: state,
        }), element("span", { textContent: date })),
        element(
          "p",
          { className: "lens-buttons-row" },
          open,
          button("remove", texts.remove, name, entry.receipt),
          button("delete", texts.delete, name, entry.receipt),
        ),
      ),
    );
  };

  const draw = () => {
    if (!section()) return;
    const texts = words();
    const entries = window.lens.results.list();
    const isOn = window.lens.results.isOn();
    section().querySelector("#my-results-on").checked = isOn;
    section().querySelector("ul").replaceChildren(...entries.map((entry) => item(entry, texts)));
    section().querySelector(".lens-none").textContent = entries.length ? "" : isOn ? texts.empty : texts.off;
    section().querySelectorAll("[data-do=save], [data-do=clear]").forEach((one) => {
      one.hidden = !entries.length;
    });
  };

  // Ask a question, and return true if the visitor agrees. Escape and Cancel are a no.
  const ask = (question, sure) => new Promise((resolve) => {
    const dialog = section().querySelector("dialog");
    dialog.querySelector("#my-results-question").textContent = question;
    dialog.querySelector("[data-do=sure]").textContent = sure;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "sure"), { once: true });
    dialog.showModal();
  });

  const removeEverywhere = async (receipt) => {
    const response = await fetch(`/api/v1/results/${encodeURIComponent(receipt)}`, { method: "DELETE" })
      .catch(() => null);
    // A result that is gone already is deleted too.
    if (!response || (!response.ok && response.status !== 404)) return done(words().delete_failed);
    window.lens.results.remove(receipt);
    return done(words().deleted);
  };

  const save = () => {
    const list = window.lens.results.list().map(({ receipt, created, state, kind }) => ({
      link: new URL(linkOf({ receipt }), location.href).href,
      receipt,
      created,
      state,
      kind,
    }));
    const file = new Blob([JSON.stringify(list, null, 2)], { type: "application/json" });
    const address = URL.createObjectURL(file);
    element("a", { href: address, download: "laanet-lens-results.json" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  };

  const actions = {
    save,
    remove: (receipt) => {
      window.lens.results.remove(receipt);
      done(words().removed);
    },
    delete: async (receipt) => {
      if (await ask(words().delete_question, words().delete_sure)) await removeEverywhere(receipt);
    },
    clear: async () => {
      if (await ask(words().clear_question, words().clear_sure)) window.lens.results.clear();
    },
    cancel: () => section().querySelector("dialog").close(),
    sure: () => section().querySelector("dialog").close("sure"),
  };

  document.addEventListener("click", async (event) => {
    const pressed = event.target.closest?.("#my-results button");
    if (!pressed) return;
    await actions[pressed.dataset.do](pressed.dataset.receipt);
    // The pressed button may be gone with its entry.
    if (document.activeElement === document.body) section().querySelector("a, input").focus();
  });

  document.addEventListener("change", async (event) => {
    if (event.target.id !== "my-results-on") return;
    const wanted = event.target.checked;
    const isEmpty = !window.lens.results.list().length;
    if (wanted || isEmpty || (await ask(words().clear_question, words().clear_sure))) {
      window.lens.results.switchOn(wanted);
    } else draw();
  });

  document.addEventListener("lens-results", draw);
  // Another tab of this browser changed the list.
  window.addEventListener("storage", draw);
  // Gradio adds the section after this script has run.
  const waiting = new MutationObserver(() => {
    if (!section() || section().dataset.drawn) return;
    section().dataset.drawn = "yes";
    draw();
  });
  waiting.observe(document.documentElement, { childList: true, subtree: true });
})();
