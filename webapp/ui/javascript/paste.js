// Pasted images.
(() => {
  // Ctrl+V outside a text field uploads the pasted images.
  document.addEventListener("paste", (event) => {
    if (event.target.closest && event.target.closest("textarea, input[type=text]")) return;
    const files = [...((event.clipboardData && event.clipboardData.files) || [])];
    const input = document.querySelector("#file input[type=file]");
    if (!files.length || !input) return;
    const carrier = new DataTransfer();
    files.forEach((file) => carrier.items.add(file));
    input.files = carrier.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    event.preventDefault();
  });
})();
