// The pass changes by itself. The codes of the next minutes are fetched ahead, so that it works
// where there is no signal.

const box = document.querySelector("[data-pass]");
const picture = box.querySelector("[data-pass-picture]");
const digits = box.querySelector("[data-pass-digits]");
const note = document.querySelector("[data-pass-note]");
const AHEAD = 8; // with fewer codes left, more are fetched
let codes = [];
let skew = 0; // how much this clock is ahead of the server's, in milliseconds
let connected = true;

const now = () => Date.now() - skew;

async function fetchCodes() {
  try {
    const response = await fetch(box.dataset.codes, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    const answer = await response.json();
    skew = Date.now() - Date.parse(answer.now);
    codes = answer.codes;
    connected = true;
  } catch {
    connected = false;
  }
}

function show() {
  codes = codes.filter((code) => Date.parse(code.until) > now());
  const [code] = codes;
  if (code && digits.textContent !== code.digits) {
    picture.innerHTML = code.svg; // drawn by our own server
    digits.textContent = code.digits;
  }
  picture.hidden = !code && codes.length === 0 && Date.parse(box.dataset.until) < now();
  note.textContent = code ? note.dataset.offline : note.dataset.stale;
  note.hidden = connected;
}

async function tick() {
  if (codes.length < AHEAD) await fetchCodes();
  show();
}

await tick();
setInterval(tick, 2000);
document.addEventListener("visibilitychange", () => document.hidden || tick());
