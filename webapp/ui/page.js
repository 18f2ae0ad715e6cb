// What the page does in the browser itself: paste, seek, language. Loaded once, from this server.
(() => {
  const player = () => document.querySelector("#clip video");

  // Move the clip, the plot's line and its slider to a moment (in seconds).
  window.lensSeek = (seconds) => {
    const video = player();
    if (video && Math.abs(video.currentTime - seconds) > 0.01) video.currentTime = seconds;
    document.querySelectorAll(".lens-timeline").forEach((section) => {
      const last = parseFloat(section.dataset.last) || 1;
      const x = 34 + (720 - 34 - 8) * Math.min(Math.max(seconds / last, 0), 1);
      const line = section.querySelector(".lens-now");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const slider = section.querySelector("input[type=range]");
      if (document.activeElement !== slider) slider.value = seconds;
    });
  };

  // A click or drag on the plot.
  window.lensPlot = (event) => {
    const svg = event.currentTarget || event.target.closest("svg");
    const box = svg.getBoundingClientRect();
    const last = parseFloat(svg.closest(".lens-timeline").dataset.last) || 1;
    const x = ((event.clientX - box.left) / box.width) * 720;
    window.lensSeek(Math.min(Math.max((x - 34) / (720 - 34 - 8), 0), 1) * last);
  };

  // While the clip plays, the plot's line goes along.
  document.addEventListener("timeupdate", (event) => {
    if (event.target === player()) window.lensSeek(event.target.currentTime);
  }, true);

  // Ctrl+V anywhere outside a text field gives the pasted pictures to the upload field.
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

  document.documentElement.lang = location.pathname.replace(/\/+$/, "").endsWith("/zh") ? "zh" : "en";
})();
