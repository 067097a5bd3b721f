// One call of our own API or of a page's data, in this browser's own sign-in.

import { csrfToken } from "./csrf.js";

/** What a call gives when there was no answer at all. */
export const NO_ANSWER = { ok: false, status: 0, data: null, reasons: [] };

/** Send and read JSON. `reasons` are those of a refusal, at least one when it was refused. */
export async function callApi(method, url, body) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
  if (body) headers["Content-Type"] = "application/json";
  try {
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    const data = await answer.json();
    const reasons = data.reasons?.length ? data.reasons : [{ detail: data.detail ?? answer.statusText, fix: "" }];
    return { ok: answer.ok, status: answer.status, data, reasons: answer.ok ? [] : reasons };
  } catch {
    return NO_ANSWER;
  }
}
