// The bar of an import. The form works without it: then the answer is the list of machines.
// The server says how far it is in lines of JSON, and at last what was done or that it was not.

const KIND = "application/x-ndjson";
const form = document.querySelector("form[data-import]");

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

async function follow(parts) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: KIND } });
  if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith(KIND)) return false;
  for await (const line of linesOf(answer.body)) {
    if (line.said) {
      parts.said.textContent = line.said;
      parts.after.hidden = false;
      return true;
    }
    if (line.done === undefined) return false;
    parts.bar.value = line.done;
    parts.count.textContent = `${line.done} / ${line.total}`;
  }
  return false;
}

async function send(event) {
  event.preventDefault();
  const part = (name) => document.querySelector(`[data-import-${name}]`);
  const parts = { bar: part("bar"), count: part("count"), said: part("said"), after: part("after") };
  event.submitter?.setAttribute("disabled", "");
  part("progress").hidden = false;
  let followed = false;
  try {
    followed = await follow(parts);
  } catch {
    // The connection broke: the plain way asks again and says how things stand.
  }
  if (!followed) form.submit();
}

form?.addEventListener("submit", send);
