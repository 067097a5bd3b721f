// Long work in a form of a page: the server says how far it is in lines of JSON, and at last what
// was done, or that it was not. The form works without this: then the answer is a page.

const KIND = "application/x-ndjson";

async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const parts = (rest + (value ?? "")).split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
    if (done) return;
  }
}

/** Send the form and move the bar; true once `finished` took the last line. */
async function follow(form, parts, finished) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: KIND } });
  if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith(KIND)) return false;
  for await (const line of linesOf(answer.body)) {
    if (line.done === undefined) return !line.failed && finished(line);
    parts.bar.max = line.total;
    parts.bar.value = line.done;
    parts.count.textContent = `${line.done} / ${line.total}`;
  }
  return false;
}

/** Let the form draw a bar; `finished` shows the last line and says whether it could. What may be
    done `again` lets its button be pressed once more. */
export function withProgress(form, parts, finished, { again = false } = {}) {
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.submitter?.setAttribute("disabled", "");
    parts.box.hidden = false;
    let followed = false;
    try {
      followed = await follow(form, parts, finished);
    } catch {
      // The connection broke: the plain way asks again and says how things stand.
    }
    if (!followed) form.submit();
    else if (again) event.submitter?.removeAttribute("disabled");
  });
}
