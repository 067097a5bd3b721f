// One call of the API as a form, and its answer.

import { csrfToken } from "./csrf.js";
import { element, prettyJson } from "./elements.js";

let made = 0;

function labelled(label, control, help = "") {
  made += 1;
  control.id = `api-field-${made}`;
  const parts = [element("label", { class: "field__label", for: control.id }, [label])];
  if (help) {
    parts.push(element("p", { class: "field__help", id: `${control.id}-help` }, [help]));
    control.setAttribute("aria-describedby", `${control.id}-help`);
  }
  return element("div", { class: "field" }, [...parts, control]);
}

function parameterField(parameter) {
  const input = element("input", {
    class: "form-control",
    type: "text",
    required: parameter.required,
    "data-name": parameter.name,
    "data-in": parameter.in,
  });
  return labelled(parameter.name, input, parameter.description);
}

/** A body to start from: the schema's own example, else its properties with empty values. */
function exampleBody(schema, follow) {
  const whole = follow(schema);
  if (whole.example ?? whole.examples?.[0]) return whole.example ?? whole.examples[0];
  const empty = { array: [], integer: 0, number: 0, boolean: false, object: {} };
  return Object.fromEntries(
    Object.entries(whole.properties ?? {}).map(([name, property]) => {
      const { type, default: preset } = follow(property);
      return [name, preset ?? empty[type] ?? ""];
    }),
  );
}

function addressOf(call, server, form) {
  let path = call.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in]")) {
    const { name, in: place } = input.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(input.value));
    if (place === "query" && input.value) query.set(name, input.value);
  }
  const text = query.toString();
  return server.replace(/\/$/, "") + path + (text ? `?${text}` : "");
}

function headersOf(form, hasBody) {
  const headers = { Accept: "application/json" };
  const bearer = document.querySelector("[data-api-token]")?.value.trim();
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  else headers["X-CSRFToken"] = csrfToken();
  if (hasBody) headers["Content-Type"] = "application/json";
  for (const { dataset, value } of form.querySelectorAll('[data-in="header"]')) {
    if (value) headers[dataset.name] = value;
  }
  return headers;
}

async function send(call, server, form, answerBox, words) {
  const body = form.querySelector(".api-body")?.value;
  const started = performance.now();
  let line = words.failed ?? "There was no answer.";
  let text = "";
  try {
    const answer = await fetch(addressOf(call, server, form), {
      method: call.verb.toUpperCase(),
      headers: headersOf(form, body !== undefined),
      body,
    });
    line = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - started)} ms`;
    text = prettyJson(await answer.text());
  } catch (error) {
    text = error.message;
  }
  answerBox.replaceChildren(
    element("p", {}, [element("strong", {}, [line])]),
    element("pre", { tabindex: "0", "aria-label": words.answer ?? "Answer" }, [text]),
  );
}

export function callForm(call, description, words, resolve) {
  const follow = (node) => resolve(description, node);
  const schema = follow(call.operation.requestBody).content?.["application/json"]?.schema;
  const fields = call.parameters.map(parameterField);
  if (schema) {
    const area = element("textarea", { class: "form-control api-body", spellcheck: "false" });
    area.value = JSON.stringify(exampleBody(schema, follow), null, 2);
    fields.push(labelled(words.body ?? "Body (JSON)", area));
  }
  const answerBox = element("div", { class: "api-answer", role: "status" });
  const button = element("button", { class: "btn btn-primary", type: "submit" }, [words.send ?? "Send"]);
  const form = element("form", { class: "form" }, [...fields, button]);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(call, description.servers?.[0]?.url ?? "", form, answerBox, words);
  });
  const prose = call.operation.description;
  return element("div", { class: "api-call__body" }, [
    ...(prose ? [element("p", {}, [prose])] : []),
    form,
    answerBox,
  ]);
}
