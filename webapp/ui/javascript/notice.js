// Notice at the edge of the page about the connection. Its sentences are in the page's language.
(() => {
  // Milliseconds for which the end of an outage is announced.
  const BACK_FOR = 4000;
  let hiding = null;
  const place = () => document.querySelector("#lens-notice");

  window.lens.notice = {
    // Return the sentence about `state`: lost, back, changed or failed.
    text: (state) => place()?.dataset[state] || "",
    show: (state) => {
      const notice = place();
      if (!notice) return;
      clearTimeout(hiding);
      notice.querySelector("span").textContent = notice.dataset[state];
      notice.querySelector("button").hidden = state !== "changed";
      notice.dataset.state = state;
      if (state === "back") hiding = setTimeout(() => delete notice.dataset.state, BACK_FOR);
    },
  };
})();
