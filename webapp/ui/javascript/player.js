// Player of a clip from the visitor's own file, which never comes back from the server.
(() => {
  // Files that the visitor chose on this page. The browser reads them from its disk.
  const chosen = [];
  const remember = (files) => chosen.push(...(files || []));
  document.addEventListener("change", (event) => {
    if (event.target.matches && event.target.matches("#file input[type=file]")) remember(event.target.files);
  }, true);
  document.addEventListener("drop", (event) => {
    if (event.target.closest && event.target.closest("#file")) remember(event.dataTransfer.files);
  }, true);

  let shown = { key: "", address: "" };
  const addressOf = ({ name, bytes, source }) => {
    if (source) return source;
    const file = chosen.findLast((one) => one.name === name && String(one.size) === bytes);
    return file ? URL.createObjectURL(file) : "";
  };

  // Gradio keeps the element and changes its attributes, so the source is set again if it is missing.
  const update = () => {
    const place = document.querySelector(".lens-player");
    if (!place) return;
    const { name, bytes, source } = place.dataset;
    const key = [name, bytes, source].join("/");
    const video = place.querySelector("video");
    if (shown.key !== key) {
      if (shown.address.startsWith("blob:")) URL.revokeObjectURL(shown.address);
      shown = { key, address: addressOf(place.dataset), state: "" };
      if (!shown.address) shown.state = "missing";
    }
    if (place.dataset.shows !== shown.state) place.dataset.shows = shown.state;
    if (shown.address && video.getAttribute("src") !== shown.address) video.src = shown.address;
  };
  document.addEventListener("error", (event) => {
    if (!event.target.matches || !event.target.matches(".lens-player video")) return;
    shown.state = "unplayable";
    update();
  }, true);
  new MutationObserver(update).observe(document.documentElement, { childList: true, subtree: true });
})();
