// htmx, told about our token. Refusals (409, 422) are swapped in like any other answer.

import htmx from "htmx.org/dist/htmx.esm.min.js";
import { csrfToken } from "./csrf.js";
import { focusErrors } from "./forms.js";

// Nothing may be fetched or kept beyond this origin and this page view.
htmx.config.mode = "same-origin";

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.request.headers["X-CSRFToken"] = csrfToken();
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const status = ctx.response?.status;
  if (status >= 400) focusErrors(document);
});
