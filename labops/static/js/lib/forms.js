// Two manners of forms: errors take the focus, and a second press does not send twice.

/** Move the focus to the summary of what went wrong, if the page shows one. */
export function focusErrors(root) {
  root.querySelector("[data-takes-focus]")?.focus();
}

function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
}

export function preventDoubleSubmit() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // htmx has its own queue; a GET form may be sent as often as one likes.
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
  // Coming back with the browser's button shows the page as it was left: make it usable again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) release(form);
  });
}
