// Receipts of this device's results, in the browser's local storage only. A receipt is made and stored before
// its file is analysed, so no break of the connection loses it.
(() => {
  const RESULTS = "lens-results";
  const SWITCHED_OFF = "lens-results-off";
  // Results that are remembered; the oldest are forgotten first.
  const MAX_RESULTS = 200;

  const read = () => {
    try {
      const entries = JSON.parse(localStorage.getItem(RESULTS) || "[]");
      return Array.isArray(entries) ? entries : [];
    } catch {
      return [];
    }
  };

  const isOn = () => {
    try {
      return localStorage.getItem(SWITCHED_OFF) === null;
    } catch {
      return false;
    }
  };

  // Write the entries, the latest first. If the storage is full, the oldest pictures go, and then receipts.
  const write = (entries) => {
    let kept = entries.slice(0, MAX_RESULTS);
    while (isOn()) {
      try {
        localStorage.setItem(RESULTS, JSON.stringify(kept));
        break;
      } catch {
        const oldest = kept.findLastIndex((entry) => entry.thumbnail);
        if (oldest < 0 && !kept.length) break;
        if (oldest < 0) kept = kept.slice(0, -1);
        else kept = kept.map((entry, index) => (index === oldest ? { ...entry, thumbnail: "" } : entry));
      }
    }
    document.dispatchEvent(new Event("lens-results"));
  };

  // Return 256 random bits in base64url without padding, the form of the server's own receipts.
  const newReceipt = () =>
    btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

  // An entry is {receipt, job, created, state, kind, thumbnail}; `state` is the verdict or outcome, or
  // "pending" as long as no answer has arrived.
  window.lens.results = {
    isOn,
    list: read,
    // Make and store the receipts of a job's files before the job begins.
    offer: (job, count) => {
      const receipts = Array.from({ length: count }, newReceipt);
      const created = new Date().toISOString();
      const entries = receipts.map((receipt) => ({ receipt, job, created, state: "pending" }));
      if (isOn()) write([...entries, ...read()]);
      return receipts;
    },
    // Replace the pending entries of a job by its results, or by nothing if the server stored nothing, and
    // forget a result that was deleted on the server. `opened` is a stored result that was opened by its
    // link. A result whose entry was removed meanwhile does not come back with a later answer.
    settle: ({ job, results, deleted, opened }) => {
      if (opened) {
        write(read().map((entry) => (entry.receipt === opened.receipt ? { ...entry, ...opened } : entry)));
        return;
      }
      const entries = read();
      const remembered = results.filter((result) =>
        entries.some((entry) => entry.receipt === result.receipt));
      const receipts = new Set([deleted, ...remembered.map((result) => result.receipt)]);
      const others = entries.filter((entry) =>
        !receipts.has(entry.receipt) && !(entry.job === job && entry.state === "pending"));
      write([...remembered.map((result) => ({ ...result, job })), ...others]);
    },
    remove: (receipt) => write(read().filter((entry) => entry.receipt !== receipt)),
    clear: () => write([]),
    switchOn: (wanted) => {
      if (wanted) localStorage.removeItem(SWITCHED_OFF);
      else {
        write([]);
        localStorage.setItem(SWITCHED_OFF, "yes");
      }
      document.dispatchEvent(new Event("lens-results"));
    },
  };
})();
