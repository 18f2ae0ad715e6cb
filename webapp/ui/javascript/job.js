// The analysis that the page runs, from the press of the button to its answer.
(() => {
  let removesUpload = false;

  // 128 random bits as hexadecimal text. Browsers offer crypto.randomUUID only for HTTPS and localhost.
  const newKey = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"))
      .join("");

  window.lens.job = {
    // Begin a job and return its key.
    begin: () => {
      window.lens.connection.startEpoch();
      return newKey();
    },
    newKey,
    // The visitor chose another file of the visit.
    select: () => window.lens.connection.startEpoch(),
    // The deletion of a result also removes its file from the list; the other results stay.
    removeUpload: () => {
      removesUpload = true;
    },
    changeFiles: () => {
      if (!removesUpload) window.lens.connection.startEpoch();
      removesUpload = false;
    },
  };
})();
