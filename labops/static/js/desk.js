// The desk scans by camera or by a USB reader that types into the field. The form works without.

import { offerCamera } from "./lib/code_reader.js";
import { showVerdict } from "./lib/verdict.js";

const desk = document.querySelector("[data-desk]");
const form = desk.querySelector("[data-desk-form]");
const place = desk.querySelector("[data-desk-answer]");
const field = form.elements.namedItem("text");

async function send(text, act) {
  const body = new FormData(form);
  body.set("text", text);
  body.set("act", act);
  body.set("nonce", crypto.randomUUID());
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
    });
    showVerdict(place, await response.json());
  } catch {
    form.requestSubmit(); // the browser itself says what is wrong with the connection
  }
}

form.addEventListener("submit", (event) => {
  const text = field.value.trim();
  if (!text.startsWith("labops:")) return; // typed by hand: the page shows what can be mended
  event.preventDefault();
  send(text, event.submitter?.value || "check_in");
  field.value = "";
  field.focus();
});

offerCamera(
  desk.querySelector("[data-desk-camera]"),
  desk.querySelector("[data-desk-video]"),
  desk.dataset.reader,
  (text) => send(text, "check_in"),
  () => showVerdict(place, { tone: "bad", result: "camera", title: desk.dataset.noCamera }),
);
