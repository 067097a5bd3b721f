// The small windows of the calendar page. The server wrote them; this fills, opens and reads them.

import { element } from "./elements.js";

function prepare(id) {
  const panel = document.getElementById(id);
  for (const button of panel.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => panel.close(""));
  }
  return panel;
}

function stepOf({ fix_url, fix_label }) {
  return fix_url && element("a", { href: fix_url }, [fix_label]);
}

function showReasons(panel, reasons, words) {
  const box = panel.querySelector("[data-problems]");
  const told = reasons.length ? reasons : [{ detail: words.unreachable }];
  box.querySelector("ul").replaceChildren(
    ...told.map((reason) => {
      const step = stepOf(reason);
      return element("li", {}, [element("p", {}, [reason.detail]), ...(step ? [step] : [])]);
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

/** Say what the rules think of what is typed now; nothing while it cannot be known. */
function showVerdict(panel, answer, words) {
  const box = panel.querySelector("[data-checked]");
  const failed = answer?.ok ? answer.data.rules.filter(({ passed }) => !passed) : [];
  box.hidden = !answer?.ok;
  if (box.hidden) return;
  const verdict = answer.data.allowed ? (failed.length ? words.onRequest : words.possible) : words.impossible;
  panel.querySelector("[data-verdict]").textContent = verdict;
  panel.querySelector("[data-lines]").replaceChildren(
    ...failed.map((line) => {
      const step = stepOf(line);
      const kind = line.needs_approval ? "wait" : "no";
      return element("li", { class: `rule-list__line rule-list__line--${kind}` }, [
        element("p", {}, [line.detail]),
        ...(step ? [step] : []),
      ]);
    }),
  );
}

/** Check again whenever another time is typed; only the answer to the last question counts. */
function keepChecking(panel, form, { check, whyNot }, words) {
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const typed = Object.fromEntries(new FormData(form));
    panel.querySelector("[data-every-rule]").href = whyNot(typed);
    const answer = await check(typed);
    if (mine === asked) showVerdict(panel, answer, words);
    return answer;
  };
  const changed = ({ target }) => ["start", "end"].includes(target.name) && ask();
  form.addEventListener("change", changed);
  return { ask, stop: () => form.removeEventListener("change", changed) };
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
    async ask({ start, end }, { name, mayOverride, send, check, whyNot }) {
      form.reset();
      panel.querySelector("[data-machine]").textContent = name;
      panel.querySelector("[data-problems]").hidden = true;
      panel.querySelector("[data-checked]").hidden = true;
      offerOverride(panel, [], false);
      form.elements.start.value = start.slice(0, 16);
      form.elements.end.value = end.slice(0, 16);
      const checks = keepChecking(panel, form, { check, whyNot }, words);
      checks.ask();
      const booked = await opened(panel, async (typed) => {
        const answer = await send(Object.fromEntries(typed));
        if (answer.ok) return answer;
        // The check knows other times that would do, which the refusal does not look for.
        const checked = await checks.ask();
        const reasons = checked?.data?.reasons?.length ? checked.data.reasons : answer.reasons;
        panel.querySelector("[data-checked]").hidden = true;
        const box = showReasons(panel, reasons, words);
        if (offerOverride(panel, reasons, mayOverride)) form.elements.override_reason.focus();
        else box.focus();
        return null;
      });
      checks.stop();
      return booked;
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
    show(booking, machineNames, whyNot) {
      put("machine", machineNames);
      put("when", booking.when);
      put("who", [booking.title, words.states[booking.state]].filter(Boolean).join(", "));
      put("note", booking.note);
      const why = booking.mine ? "" : whyNot;
      for (const [name, url] of [["open", booking.url], ["wait", booking.wait_url], ["why", why]]) {
        const link = panel.querySelector(`[data-${name}]`);
        link.hidden = !url;
        link.href = url || "#";
      }
      panel.showModal();
    },
  };
}
