// The page on which the API can be tried: reads openapi.json, shows every call with a form.
//
// The page holds <div id="api" data-openapi="/api/v1/openapi.json" data-words='{...}'>; the words are
// the page's own language. Calls go out with the session's token, or with a bearer token if typed.

import { element, prettyJson } from "./lib/elements.js";
import { callForm } from "./lib/api_call.js";

const VERBS = ["get", "post", "patch", "put", "delete"];

/** Follow a local "#/components/..." reference. */
export function resolve(document_, node) {
  if (!node?.$ref) return node ?? {};
  return node.$ref
    .slice(2)
    .split("/")
    .reduce((place, step) => place?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document_) ?? {};
}

function callsOf(description) {
  return Object.entries(description.paths ?? {}).flatMap(([path, item]) =>
    VERBS.filter((verb) => item[verb]).map((verb) => ({
      path,
      verb,
      operation: item[verb],
      parameters: [...(item.parameters ?? []), ...(item[verb].parameters ?? [])].map((parameter) =>
        resolve(description, parameter),
      ),
    })),
  );
}

function callBox(call, description, words) {
  const box = element("details", { class: "api-call" }, [
    element("summary", {}, [
      element("span", { class: `api-verb api-verb--${call.verb}` }, [call.verb.toUpperCase()]),
      element("span", { class: "api-path" }, [call.path]),
      element("span", {}, [call.operation.summary ?? ""]),
    ]),
  ]);
  // The form is made when the call is opened: a page of forty forms would be slow to read out.
  box.addEventListener(
    "toggle",
    () => box.append(callForm(call, description, words, resolve)),
    { once: true },
  );
  return box;
}

function draw(root, description, words) {
  const groups = Map.groupBy
    ? Map.groupBy(callsOf(description), ({ operation }) => operation.tags?.[0] ?? "")
    : new Map([["", callsOf(description)]]);
  const sections = [...groups].map(([tag, calls]) =>
    element("section", { class: "part" }, [
      ...(tag ? [element("h2", {}, [tag])] : []),
      ...calls.map((call) => callBox(call, description, words)),
    ]),
  );
  root.replaceChildren(...sections);
}

async function start(root) {
  const words = JSON.parse(root.dataset.words ?? "{}");
  try {
    const answer = await fetch(root.dataset.openapi, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    draw(root, await answer.json(), words);
  } catch (error) {
    const sentence = words.unreachable ?? "The description of the API could not be read.";
    root.replaceChildren(
      element("div", { class: "alert alert-danger", role: "alert" }, [sentence, " ", prettyJson(error.message)]),
    );
  }
}

const root = document.getElementById("api");
if (root) start(root);
