// The screen at a door: its code changes, scans are queued when there is no connection, and the list
// of who is in stays here for an emergency.

import { offerCamera } from "./lib/code_reader.js";
import { element } from "./lib/elements.js";
import { ScanQueue } from "./lib/scan_queue.js";
import { showVerdict } from "./lib/verdict.js";

const door = document.querySelector("[data-door]");
const part = (name) => door.querySelector(`[data-door-${name}]`);
const words = door.dataset;
const queue = new ScanQueue(words.kiosk, words.scans);
const listName = `labops-inside-${words.kiosk}`;
const form = part("form");
const field = form.elements.namedItem("text");
const clock = document.querySelector("[data-door-clock]");
const ANSWER_STAYS = 8000; // milliseconds
const ASK_EVERY = 20000;
let codes = [];
let skew = 0;
let answered = 0;

const now = () => Date.now() - skew;
const inZone = (at) =>
  new Date(at).toLocaleTimeString(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: words.zone,
  });

function take(state) {
  skew = Date.now() - Date.parse(state.now);
  codes = state.codes;
  localStorage.setItem(listName, JSON.stringify({ at: state.now, inside: state.inside }));
  const people = words.people.replace("{count}", state.count);
  part("count").textContent = state.capacity ? `${people} / ${state.capacity}` : people;
  showList();
}

function showList() {
  const kept = JSON.parse(localStorage.getItem(listName) ?? "null");
  if (!kept) return;
  part("list").hidden = false;
  part("list-at").textContent = inZone(kept.at);
  part("inside").replaceChildren(
    ...kept.inside.map((one) => {
      const more = [one.count > 1 && `× ${one.count}`, one.host, one.space, inZone(one.since)];
      return element("li", {}, [[one.name, ...more.filter(Boolean), ...one.names].join(", ")]);
    }),
  );
}

function showCode() {
  codes = codes.filter((code) => Date.parse(code.until) > now());
  const [code] = codes;
  if (code && part("digits").textContent !== code.digits) {
    part("picture").innerHTML = code.svg; // drawn by our own server
    part("digits").textContent = code.digits;
  }
  // An old code would only be refused.
  const shown = code ? Date.parse(code.until) : Date.parse(words.until);
  part("picture").hidden = shown < now();
  clock.textContent = inZone(now());
  const { waiting } = queue;
  part("queue").textContent = waiting ? words.waiting.replace("{count}", waiting) : "";
}

function showAnswer(answer) {
  showVerdict(part("answer"), answer);
  answered = Date.now();
}

async function send(scan) {
  const counter = queue.add(scan);
  const answer = await queue.send();
  const own = answer?.results?.find((one) => one.counter === counter);
  if (own) showAnswer(own);
  else showAnswer({ tone: "kept", result: "kept", title: words.noted, lines: [words.kept] });
  if (answer?.codes) take(answer);
}

async function ask() {
  if (queue.waiting) {
    const answer = await queue.send();
    if (answer?.codes) take(answer);
    return;
  }
  try {
    const response = await fetch(words.state, { headers: { Accept: "application/json" } });
    if (response.ok) take(await response.json());
  } catch {
    // No connection: what is shown and kept stays.
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (text) send({ act: event.submitter?.value || "check_in", text });
  field.value = "";
  field.focus();
});

const guests = part("guests");
guests.hidden = false;
guests.addEventListener("submit", (event) => {
  event.preventDefault();
  const said = new FormData(guests);
  send({
    guests: said.get("guests").trim(),
    people_count: Number(said.get("people_count")) || 1,
    minors: said.get("minors") !== null,
    text: said.get("text").trim(),
  });
  guests.reset();
});

offerCamera(
  part("camera"),
  part("video"),
  words.reader,
  (text) => send({ act: "check_in", text: text.slice(0, 200) }),
  () => showAnswer({ tone: "bad", result: "camera", title: words.noCamera }),
);

showList();
await ask();
setInterval(() => {
  showCode();
  if (answered && Date.now() - answered > ANSWER_STAYS) {
    part("answer").replaceChildren();
    answered = 0;
  }
}, 500);
setInterval(ask, ASK_EVERY);
window.addEventListener("online", ask);
