// Focus and scrolling after an action, because buttons come and go and the page changes its height.
(() => {
  const scrollTo = (place, block) => {
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    place.scrollIntoView({ block, behavior: reducedMotion ? "auto" : "smooth" });
  };

  // Milliseconds between the loss of the focus and its move. A second press of the same key does not reach
  // the new button.
  const MOVE_DELAY = 400;
  // Milliseconds after which Gradio has drawn the page again.
  const DRAW_DELAY = 100;

  // Buttons that are disabled or disappear after a press, so that nothing has the focus, and the places that
  // take it: the first one that can. An eager place takes it from the button itself.
  const HANDOVERS = [
    { pressed: "#analyse, #stop", places: ["#stop", "#analyse"] },
    // Gradio shows the player's buttons once the browser has the clip. After a failure the button is back.
    { pressed: "#make-clip", places: ["#clip [role=button]", "#make-clip"] },
    // The question before a deletion: the focus moves to the way out, and back if the visitor takes it.
    { pressed: "#delete", places: ["#delete-cancel"], isEager: true },
    { pressed: "#delete-cancel", places: ["#delete"] },
  ];

  // The handover of the last pressed button. It ends only when the visitor moves the focus: the new button
  // may be disabled again, and its place may be minutes away.
  let handover = null;
  let timer = 0;

  const canHaveFocus = (element) =>
    !element.disabled && element.checkVisibility({ visibilityProperty: true });
  const isFocusLost = () => {
    const focused = document.activeElement;
    return !focused || focused === document.body || !canHaveFocus(focused);
  };
  const nextPlace = () => {
    if (!handover || !(handover.isEager || isFocusLost())) return null;
    const places = handover.places.flatMap((selector) => [...document.querySelectorAll(selector)]);
    return places.find(canHaveFocus);
  };

  const move = () => {
    timer = 0;
    const place = nextPlace();
    if (!place) return;
    handover.isEager = false;
    place.focus({ preventScroll: handover.preventScroll });
  };
  const observer = new MutationObserver(() => {
    if (!timer && nextPlace()) timer = setTimeout(move, MOVE_DELAY);
  });
  const end = () => {
    observer.disconnect();
    clearTimeout(timer);
    timer = 0;
    handover = null;
  };

  document.addEventListener("click", (event) => {
    const found = HANDOVERS.find(({ pressed }) => event.target.closest?.(pressed));
    if (!found) return;
    end();
    // A press by key counts no clicks. After a press by mouse or finger the page scrolls to a question only.
    handover = { ...found, preventScroll: event.detail > 0 && !found.isEager };
    observer.observe(document.documentElement, { attributes: true, childList: true, subtree: true });
  }, true);
  document.addEventListener("mousedown", end, true);
  document.addEventListener("focusin", (event) => {
    if (!handover) return;
    const { pressed, places } = handover;
    if (!event.target.closest([pressed, ...places].join())) end();
  }, true);

  // On a narrow screen the result is below the form, so scroll to it.
  window.lensArrive = () => {
    const headline = document.querySelector("#headline");
    const top = headline ? headline.getBoundingClientRect().top : 0;
    if (top < 0 || top > window.innerHeight * 0.6) scrollTo(headline, "start");
  };

  // A deletion changes the height of the page, so its message may be out of sight.
  window.lensDeleted = () => setTimeout(() => {
    const message = document.querySelector("#deleted");
    const box = message.getBoundingClientRect();
    if (box.top < 0 || box.bottom > window.innerHeight) scrollTo(message, "center");
  }, DRAW_DELAY);
})();
