// The bar of an import. The form works without it: then the answer is the list of machines.

import { withProgress } from "./lib/progress.js";

const part = (name) => document.querySelector(`[data-import-${name}]`);
const form = document.querySelector("form[data-import]");
const parts = { box: part("progress"), bar: part("bar"), count: part("count") };

withProgress(form, parts, (line) => {
  part("said").textContent = line.said;
  part("after").hidden = false;
  return Boolean(line.said);
});
