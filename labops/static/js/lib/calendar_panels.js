// The small windows of the calendar page. The server wrote them; this fills, opens and reads them.

import { element } from "./elements.js";

function prepare(id) {
  const panel = document.getElementById(id);
  for (const button of panel.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => panel.close(""));
  }
  return panel;
}

function stepOf(fix, steps) {
  const [kind, machine] = (fix ?? "").split(":");
  const step = steps[kind];
  return step?.url && element("a", { href: step.url.replace("MACHINE", machine) }, [step.label]);
}

function showReasons(panel, reasons, words) {
  const box = panel.querySelector("[data-problems]");
  const told = reasons.length ? reasons : [{ detail: words.unreachable }];
  box.querySelector("ul").replaceChildren(
    ...told.map(({ detail, fix }) => {
      const step = stepOf(fix, words.steps);
      return element("li", {}, [element("p", {}, [detail]), ...(step ? [step] : [])]);
    }),
  );
  box.hidden = false;
  return box;
}

/** Staff are asked for a reason where one would help. */
function offerOverride(panel, reasons, mayOverride) {
  const offered = Boolean(mayOverride && reasons.length && reasons.every(({ overridable }) => overridable));
  panel.querySelector("[data-override]").hidden = !offered;
  const input = panel.querySelector("[name=override_reason]");
  input.required = offered;
  if (!offered) input.value = "";
  const act = panel.querySelector("[data-override-act]");
  if (act) act.hidden = !offered;
  return offered;
}

/** Resolves to true once the panel was closed by what it is for, to false when it was left. */
function opened(panel, onSubmit) {
  return new Promise((resolve) => {
    let done = null;
    const form = panel.querySelector("form");
    const submit = async (event) => {
      event.preventDefault();
      if (form.dataset.sent) return;
      form.dataset.sent = "yes";
      done = await onSubmit(new FormData(form));
      delete form.dataset.sent;
      if (done) panel.close("done");
    };
    form.addEventListener("submit", submit);
    panel.addEventListener(
      "close",
      () => {
        form.removeEventListener("submit", submit);
        resolve(done);
      },
      { once: true },
    );
    panel.showModal();
  });
}

export function bookPanel(words) {
  const panel = prepare("book-panel");
  const form = panel.querySelector("form");
  return {
    ask({ start, end }, { name, mayOverride, send }) {
      form.reset();
      panel.querySelector("[data-machine]").textContent = name;
      panel.querySelector("[data-problems]").hidden = true;
      offerOverride(panel, [], false);
      form.elements.start.value = start.slice(0, 16);
      form.elements.end.value = end.slice(0, 16);
      return opened(panel, async (typed) => {
        const answer = await send(Object.fromEntries(typed));
        if (answer.ok) return answer;
        const box = showReasons(panel, answer.reasons, words);
        if (offerOverride(panel, answer.reasons, mayOverride)) form.elements.override_reason.focus();
        else box.focus();
        return null;
      });
    },
  };
}

export function refusalPanel(words) {
  const panel = prepare("refusal-panel");
  const form = panel.querySelector("form");
  return {
    /** Say the reasons; resolves to the answer of an override, or to null. */
    explain(reasons, { mayOverride, send }) {
      form.reset();
      showReasons(panel, reasons, words);
      offerOverride(panel, reasons, mayOverride);
      return opened(panel, async (typed) => {
        const answer = await send(typed.get("override_reason"));
        if (answer.ok) return answer;
        showReasons(panel, answer.reasons, words).focus();
        offerOverride(panel, answer.reasons, mayOverride);
        return null;
      });
    },
  };
}

export function bookingPanel(words) {
  const panel = prepare("booking-panel");
  const put = (name, text) => {
    const place = panel.querySelector(`[data-${name}]`);
    place.textContent = text;
    place.hidden = !text;
  };
  return {
    show(booking, machineNames) {
      put("machine", machineNames);
      put("when", booking.when);
      put("who", [booking.title, words.states[booking.state]].filter(Boolean).join(", "));
      put("note", booking.note);
      for (const [name, url] of [["open", booking.url], ["wait", booking.wait_url]]) {
        const link = panel.querySelector(`[data-${name}]`);
        link.hidden = !url;
        link.href = url || "#";
      }
      panel.showModal();
    },
  };
}
