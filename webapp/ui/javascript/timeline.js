// Player of a clip, its chart and its slider: one position in time for all of them.
(() => {
  // The clip with boxes replaces the visitor's own file once it is made.
  const player = () => document.querySelector("#clip video") || document.querySelector(".lens-player video");
  const clamp = (share) => Math.min(Math.max(share, 0), 1);

  // Time axis of a chart: its end in seconds, and its ends in units of the drawing.
  const scaleOf = (section) => {
    const [last, left, right] = ["last", "left", "right"].map((name) => parseFloat(section.dataset[name]));
    return { last: last || 1, left, right };
  };

  // A visitor who seeks sees the frame. On most screens the player sticks to the top and is in view already.
  const bringIntoView = (video) => {
    const box = video.getBoundingClientRect();
    const isOutside = box.top < 0 || box.bottom > window.innerHeight;
    if (box.height && isOutside) video.scrollIntoView({ block: "nearest" });
  };

  // Move the video, the line in the chart and its slider to a time in seconds.
  window.lensSeek = (seconds, event) => {
    const video = player();
    if (video && event !== "playing") bringIntoView(video);
    if (video && Math.abs(video.currentTime - seconds) > 0.01) video.currentTime = seconds;
    document.querySelectorAll(".lens-timeline").forEach((section) => {
      const { last, left, right } = scaleOf(section);
      const x = left + (right - left) * clamp(seconds / last);
      const line = section.querySelector(".lens-now");
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
      const slider = section.querySelector("input[type=range]");
      if (document.activeElement !== slider) slider.value = seconds;
    });
  };

  // Seek to the place of a click or drag on the chart.
  window.lensPlot = (event) => {
    const svg = event.currentTarget || event.target.closest("svg");
    const box = svg.getBoundingClientRect();
    const { last, left, right } = scaleOf(svg.closest(".lens-timeline"));
    const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
    window.lensSeek(clamp((x - left) / (right - left)) * last);
  };

  // Buttons that seek.
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-seek]");
    if (button) window.lensSeek(parseFloat(button.dataset.seek));
  });

  // The line in the chart follows the playing video.
  document.addEventListener("timeupdate", (event) => {
    if (event.target === player()) window.lensSeek(event.target.currentTime, "playing");
  }, true);
})();
