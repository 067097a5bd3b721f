// The bar of trying rules on past bookings. The form works without it: then the answer is a page.

import { withProgress } from "./lib/progress.js";

const part = (name) => document.querySelector(`[data-replay-${name}]`);
const parts = { box: part("progress"), bar: part("bar"), count: part("count") };

function show(line) {
  if (!line.page) return false;
  parts.box.hidden = true;
  part("result").innerHTML = line.page; // written by our own server, every value escaped
  part("result").querySelector("[data-takes-focus]")?.focus();
  return true;
}

withProgress(document.querySelector("form[data-replay]"), parts, show, { again: true });
