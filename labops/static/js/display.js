// A screen on the wall: each stream of events is short, the browser asks again by itself. When
// streams do not come through (a proxy keeps them), the same is fetched now and then.

const POLL_EVERY = 30_000; // milliseconds
const SILENT_AFTER = 90_000;
const display = document.querySelector("[data-display]");
const silent = document.querySelector("[data-display-silent]");
const clock = document.querySelector("[data-display-clock]");
let heard = Date.now();
let polling = false;

function show(html) {
  heard = Date.now();
  display.innerHTML = html; // drawn by our own server
}

async function poll() {
  try {
    const answer = await fetch(display.dataset.state);
    if (answer.ok) show(await answer.text());
  } catch {
    // The next one may come through; until then the page says that it is silent.
  }
}

function startPolling() {
  if (polling) return;
  polling = true;
  poll();
  setInterval(poll, POLL_EVERY);
}

function listen() {
  if (!("EventSource" in window)) {
    startPolling();
    return;
  }
  const source = new EventSource(display.dataset.events);
  source.addEventListener("open", () => {
    heard = Date.now();
  });
  source.addEventListener("state", (event) => show(event.data));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) startPolling(); // it will not try again
  });
}

function tick() {
  clock.textContent = new Date().toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: clock.dataset.zone,
  });
  const quiet = Date.now() - heard > SILENT_AFTER;
  silent.hidden = !quiet;
  if (quiet) startPolling();
}

listen();
tick();
setInterval(tick, 1000);
