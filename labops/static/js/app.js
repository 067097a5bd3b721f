// What every page loads: partial updates and a few small manners. Pages work without it.

import "./lib/partial_updates.js";
import { prepareMenus } from "./lib/menus.js";
import { prepareNavigation } from "./lib/navigation.js";
import { focusErrors, preventDoubleSubmit } from "./lib/forms.js";

prepareNavigation();
prepareMenus();
preventDoubleSubmit();
focusErrors(document);

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
