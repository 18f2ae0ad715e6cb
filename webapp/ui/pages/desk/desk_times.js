// Times of the desk in the person's own time zone. A title, shown on hover, gives the time in UTC.
window.lensTimes = (() => {
  const twoDigits = (number) => String(number).padStart(2, "0");

  // Return a time of the server as a Date. A time without a zone is in UTC.
  function parsed(time) {
    return new Date(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
  }

  // Return date and minute, as 2026-11-30 05:57, in the person's time zone.
  function minute(time) {
    const date = parsed(time);
    const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
    return `${day} ${clock(time)}`;
  }

  // Return hour and minute in the person's time zone.
  function clock(time) {
    const date = parsed(time);
    return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
  }

  const inUTC = (time) => `${parsed(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;

  // Return a time element.
  function element(time) {
    return Object.assign(document.createElement("time"), {
      textContent: minute(time), dateTime: parsed(time).toISOString(), title: inUTC(time),
    });
  }

  // Change the times of the server's tables, which are in UTC without this script.
  function localize(root) {
    for (const old of root.querySelectorAll("time[data-utc]")) old.replaceWith(element(old.dateTime));
  }

  new MutationObserver(() => localize(document)).observe(
    document.documentElement, { childList: true, subtree: true },
  );
  return { minute, clock, inUTC, element };
})();
