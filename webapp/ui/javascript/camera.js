// Message about a camera that is refused, missing or busy. Gradio's component shows nothing then.
(() => {
  const REASONS = {
    NotAllowedError: "refused",
    SecurityError: "refused",
    NotFoundError: "missing",
    OverconstrainedError: "missing",
    NotReadableError: "busy",
    AbortError: "busy",
  };
  const show = (reason) => {
    const place = document.querySelector("#camera-message");
    if (place) place.textContent = reason ? place.dataset[reason] : "";
  };

  const devices = navigator.mediaDevices;
  if (devices) {
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      try {
        const stream = await open(wanted);
        show(null);
        return stream;
      } catch (error) {
        show(REASONS[error.name] || "failed");
        throw error;
      }
    };
  } else {
    document.addEventListener("click", (event) => {
      if (event.target.closest?.("#camera")) show("insecure");
    });
  }
})();
