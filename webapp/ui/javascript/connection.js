// Connection to the server that outlives outages. Gradio reloads the page after an outage, and the result is
// gone. So Gradio never learns of one: this module repeats its requests and resumes its event streams.
(() => {
  const send = window.fetch.bind(window);
  // Milliseconds between two questions whether the server answers.
  const PROBE_INTERVAL = 1000;
  // Milliseconds without a byte after which a stream counts as lost. Gradio sends a heartbeat every 15 s.
  const MAX_SILENCE = 45_000;
  // Milliseconds after which a small request counts as lost.
  const MAX_WAIT = 30_000;
  // Attempts at a request that breaks although the server answers others.
  const MAX_ATTEMPTS = 3;
  // Times that a call is repeated after its stream was lost.
  const MAX_REPEATS = 10;
  const JSON_TYPE = "application/json";
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  // A gateway answers for a server that is away. Gradio's own 503 is JSON.
  const isGateway = (response) => {
    const type = response.headers.get("content-type") || "";
    return response.status === 502 || response.status === 504 ||
      (response.status === 503 && !type.includes(JSON_TYPE));
  };

  const probeAddress = (address) => `${address.split("/gradio_api/")[0]}/gradio_api/app_id`;

  const answers = async (address) => {
    try {
      const signal = AbortSignal.timeout(5000);
      const response = await send(probeAddress(address), { cache: "no-store", signal });
      return response.ok;
    } catch {
      return false;
    }
  };

  // Wait until the server answers. Return false if it answered at once. All waiting requests share one wait.
  let outage = null;
  const waitForServer = (address) => {
    outage ??= (async () => {
      try {
        if (await answers(address)) return false;
        window.lens.notice.show("lost");
        do await pause(PROBE_INTERVAL); while (!(await answers(address)));
        window.lens.notice.show("back");
        return true;
      } finally {
        outage = null;
      }
    })();
    return outage;
  };

  // Send a request until a server answers it. `limit`: milliseconds, or 0 for no limit.
  const post = async (address, init, limit) => {
    for (let attempts = 1; ; attempts += 1) {
      try {
        const signal = limit ? AbortSignal.timeout(limit) : init.signal;
        const response = await send(address, { ...init, signal });
        if (!isGateway(response)) return response;
      } catch (error) {
        if (error.name === "AbortError") throw error;
      }
      if (await waitForServer(address)) attempts = 0;
      else if (attempts >= MAX_ATTEMPTS) throw new TypeError("The server does not take this request.");
      else await pause(PROBE_INTERVAL);
    }
  };

  // Calls whose answers Gradio waits for, by the event id that Gradio knows. `current` is the id of the
  // latest attempt and `epoch` the number of the files that the page showed when the call began.
  const calls = new Map();
  // Requests that begin a call. Its answer can arrive on the stream before its id has.
  const beginning = new Set();
  // Ids of earlier attempts, whose answers nobody waits for.
  const superseded = new Set();
  let epoch = 0;

  // Gradio shows a failed call as a message only if the answer is an error that names a reason.
  const failure = () =>
    new Response(JSON.stringify({ detail: window.lens.notice.text("failed") }), {
      status: 500,
      headers: { "content-type": JSON_TYPE },
    });

  // The server refuses calls of pages that an older version of it made.
  const withVersion = (init) => {
    const headers = new Headers(init.headers);
    headers.set("x-lens-pages", window.lens.pages);
    return { ...init, headers };
  };

  const call = async (address, request) => {
    try {
      const response = await post(address, request, MAX_WAIT);
      if (response.status === 409) window.lens.notice.show("changed");
      return response;
    } catch {
      return failure();
    }
  };

  const changesResult = (init) => window.lens.resultCalls.includes(JSON.parse(init.body).fn_index);

  // The answer to the latest call that changes the result without the queue. The next such call and the next
  // analysis wait for it: a late answer about a change of files must not replace what came after the change.
  let latest = Promise.resolve();

  const run = (address, init) => {
    const begin = () => call(address, withVersion(init));
    if (!changesResult(init)) return begin();
    latest = latest.then(begin);
    return latest;
  };

  const join = async (address, init) => {
    const request = withVersion(init);
    const began = epoch;
    const isResult = changesResult(init);
    if (isResult) await latest;
    const begin = async () => {
      const response = await call(address, request);
      if (response.ok) {
        const { event_id: id } = await response.clone().json();
        calls.set(id, { address, request, isResult, epoch: began, current: id, repeats: 0 });
      }
      return response;
    };
    const begun = begin();
    beginning.add(begun);
    const end = () => beginning.delete(begun);
    begun.then(end, end);
    return begun;
  };

  // Repeat every call that waits for an answer. Return messages about those that cannot be repeated.
  const repeatCalls = async () => {
    const refusals = [];
    for (const [id, waiting] of [...calls]) {
      superseded.add(waiting.current);
      waiting.repeats += 1;
      const isTooOften = waiting.repeats > MAX_REPEATS;
      const response = isTooOften ? failure() : await call(waiting.address, waiting.request);
      const answer = await response.json();
      if (response.ok) {
        waiting.current = answer.event_id;
      } else {
        calls.delete(id);
        const output = { error: answer.detail };
        refusals.push({ msg: "process_completed", event_id: id, success: false, output });
      }
    }
    return refusals;
  };

  const unchanged = { __type__: "update" };

  const callOf = (message) => [...calls].find(([, waiting]) => waiting.current === message.event_id);

  // Turn a message into the one that Gradio waits for: it has the id of the first attempt, and a late answer
  // about files that the page no longer shows changes nothing. Return null if nobody waits for the message.
  const adapt = async (message) => {
    if (superseded.has(message.event_id)) return null;
    if (message.event_id && !callOf(message)) await Promise.allSettled(beginning);
    const found = callOf(message);
    if (!found) return message;
    const [id, waiting] = found;
    const values = message.output?.data;
    if (message.msg === "process_completed") {
      calls.delete(id);
      const results = values?.find((value) => value?.lens_results);
      if (results) window.lens.results.settle(results.lens_results);
      if (values && waiting.isResult && waiting.epoch !== epoch) {
        message.output.data = values.map(() => unchanged);
      }
    }
    return { ...message, event_id: id };
  };

  // An error of no single call: the server stops, or has restarted and does not know the page.
  const isLoss = ({ msg, event_id: id }) => msg === "server_stopped" || (msg === "unexpected_error" && !id);

  // Yield the parts of a stream. Throws if it breaks or is silent for too long.
  const partsOf = async function* (response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      let timer;
      const silence = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error("The stream is silent.")), MAX_SILENCE);
      });
      try {
        const { value, done } = await Promise.race([reader.read(), silence]);
        if (done) return;
        yield value;
      } catch (error) {
        reader.cancel().catch(() => {});
        throw error;
      } finally {
        clearTimeout(timer);
      }
    }
  };

  const messagesOf = async function* (response) {
    let text = "";
    for await (const part of partsOf(response)) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        if (block.startsWith("data: ")) yield JSON.parse(block.slice("data: ".length));
      }
    }
  };

  // A response of this page's own whose stream goes on while `pump` opens the server's stream again.
  const resumed = (pump, signal) => {
    const encoder = new TextEncoder();
    let isOpen = true;
    const body = new ReadableStream({
      start: (controller) => {
        const close = () => {
          if (isOpen) controller.close();
          isOpen = false;
        };
        signal?.addEventListener("abort", close);
        pump({
          write: (message) => {
            if (isOpen) controller.enqueue(encoder.encode(`data: ${JSON.stringify(message)}\n\n`));
          },
          close,
          isOpen: () => isOpen,
        });
      },
      cancel: () => {
        isOpen = false;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };

  // Pass the answers of calls on until every call is answered.
  const events = (request) =>
    resumed(async (stream) => {
      while (stream.isOpen()) {
        let isLost = true;
        try {
          const response = await send(request.clone());
          if (response.ok) {
            for await (const message of messagesOf(response)) {
              if (isLoss(message)) break;
              if (message.msg === "close_stream") {
                isLost = false;
                break;
              }
              const adapted = await adapt(message);
              if (adapted) stream.write(adapted);
            }
          }
        } catch {
          // The loop opens the stream again.
        }
        if (!isLost && !calls.size) {
          stream.write({ msg: "close_stream" });
          stream.close();
        } else if (stream.isOpen() && isLost) {
          if (!(await waitForServer(request.url))) await pause(PROBE_INTERVAL);
          (await repeatCalls()).forEach(stream.write);
        }
      }
    }, request.signal);

  // The server frees a page's memory when this stream ends, and keeps it when a new one follows.
  const heartbeat = (request) =>
    resumed(async (stream) => {
      while (stream.isOpen()) {
        try {
          for await (const _ of partsOf(await send(request.clone()))) if (!stream.isOpen()) return;
        } catch {
          // The loop opens the stream again.
        }
        if (!(await waitForServer(request.url))) await pause(PROBE_INTERVAL);
      }
    }, request.signal);

  window.fetch = (input, init = {}) => {
    const request = input instanceof Request ? input : null;
    const address = new URL(request ? request.url : input, location.href).href;
    const path = address.startsWith(location.origin) ? address.split("/gradio_api/")[1] || "" : "";
    const asRequest = () => request || new Request(address, init);
    if (path.startsWith("queue/data")) return Promise.resolve(events(asRequest()));
    if (path.startsWith("heartbeat/")) return Promise.resolve(heartbeat(asRequest()));
    // Gradio asks before it reloads the page.
    if (path.startsWith("app_id")) return Promise.resolve(new Response(null, { status: 503 }));
    if (request || init.method !== "POST") return send(input, init);
    if (path.startsWith("queue/join")) return join(address, init);
    if (path.startsWith("run/")) return run(address, init);
    if (/^upload(\?|$)/.test(path)) return post(address, init, 0);
    return send(input, init);
  };

  window.lens.connection = {
    // From now on the page shows other files; late answers about the earlier ones change nothing.
    startEpoch: () => {
      epoch += 1;
    },
  };
})();
