// A phone's own camera.
(() => {
  // A chosen file has a hidden field of its own, which adds files to it.
  const dropZoneInput = () => {
    const input = document.querySelector("#file input[type=file]");
    return document.querySelector("#file .file-preview") ? null : input;
  };
  // The name of this button is in the language of the page.
  const clearButton = () => [...document.querySelectorAll("#file .icon-button")].at(-1);

  const upload = (files) => {
    const target = dropZoneInput();
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    target.files = carrier.files;
    target.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // The photo takes the same way as a chosen file, in place of the files that were chosen before.
  document.addEventListener("change", (event) => {
    if (!event.target.matches || !event.target.matches(".lens-take-photo input")) return;
    const files = [...event.target.files];
    event.target.value = "";
    if (!files.length) return;
    if (dropZoneInput()) {
      upload(files);
      return;
    }
    const observer = new MutationObserver(() => {
      if (!dropZoneInput()) return;
      observer.disconnect();
      upload(files);
    });
    observer.observe(document.querySelector("#file"), { childList: true, subtree: true });
    clearButton().click();
  });
})();
