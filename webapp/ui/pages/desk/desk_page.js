// Basis of the worktable's scripts: state, elements, messages and requests to the server.
window.lensDeskPage = (() => {
  const { calls, texts } = window.lensDesk;

  // `mode` is idle, blind, revealed or adjudicate. `current` is the case on the page, null if none.
  const state = {
    mode: "idle", current: null, person: null, busy: false, renewedAt: 0,
    // Answer of the model and label of the person, once the blind label is stored
    answer: null, blindLabel: null,
    // Last label that can be undone, cases that were skipped, image of the next case
    lastLabel: null, skipped: [], prefetched: null,
    // What is shown: view, index of the frame, tool, heatmap; screen pixels per image pixel before the zoom
    view: "plain", frame: 0, tool: null, fit: 1, zoom: 1, x: 0, y: 0, heat: true,
    // Painted region, and the addresses of images that must be freed
    region: null, urls: [],
  };

  const $ = (selector) => document.querySelector(`#desk ${selector}`);
  const $$ = (selector) => [...document.querySelectorAll(`#desk ${selector}`)];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const press = (button, on) => button.setAttribute("aria-pressed", String(Boolean(on)));
  const isPressed = (button) => button.getAttribute("aria-pressed") === "true";
  const element = (name, text = "", className = "") =>
    Object.assign(document.createElement(name), { textContent: text, className });

  function say(text, isError = false) {
    const message = $("#desk-message");
    message.textContent = text;
    message.classList.toggle("desk-wrong", isError);
  }

  // Settings that the browser remembers. A browser may forbid it, then the setting is off on every visit.
  const setting = {
    get(name) {
      try {
        return localStorage.getItem(`lens-desk-${name}`) === "yes";
      } catch {
        return false;
      }
    },
    set(name, on) {
      try {
        localStorage.setItem(`lens-desk-${name}`, on ? "yes" : "no");
      } catch { /* not stored */ }
    },
  };

  // Fetch JSON. With a body the request is a POST. Throws an error with the server's message and code.
  async function ask(path, body) {
    const options = body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(calls + path, { ...options, credentials: "same-origin", cache: "no-store" });
    if (response.status === 401) location.assign("/sign-in");
    const unreadable = { error: { code: "failed", message: texts.failed } };
    const answer = await response.json().catch(() => unreadable);
    if (!response.ok) throw Object.assign(new Error(answer.error.message), { code: answer.error.code });
    return answer;
  }

  // Fetch an image and return an address for it. The caller frees it with URL.revokeObjectURL.
  async function fetchImage(path) {
    const response = await fetch(calls + path, { credentials: "same-origin", cache: "no-store" });
    if (!response.ok) throw new Error(texts.failed);
    return URL.createObjectURL(await response.blob());
  }

  // --- frames of a case: a photo has one location without a time, a clip has locations at several times
  const frameTimes = (caseView) => [...new Set(caseView.spots.map((spot) => spot.time))];
  const middleFrame = (caseView) => Math.floor(frameTimes(caseView).length / 2);
  const frameTime = () => (state.current.kind === "image" ? null : frameTimes(state.current)[state.frame]);
  const facesOfFrame = () => state.current.spots.filter((spot) => spot.time === frameTime());

  function imagePath(caseView, view, time, isThumbnail = false) {
    if (caseView.kind === "image" && view === "plain" && !isThumbnail) return `/case/${caseView.id}/file`;
    const query = [`name=${view}`, time === null ? "" : `time=${time}`, isThumbnail ? "small=1" : ""];
    return `/case/${caseView.id}/view?${query.filter(Boolean).join("&")}`;
  }

  function firstImagePath(caseView) {
    if (caseView.kind === "image") return imagePath(caseView, "plain", null);
    return imagePath(caseView, "plain", frameTimes(caseView)[middleFrame(caseView)]);
  }

  return {
    calls, texts, state, $, $$, fill, press, isPressed, element, say, setting, ask, fetchImage,
    frameTimes, middleFrame, frameTime, facesOfFrame, imagePath, firstImagePath,
  };
})();
