// EventCalendar calls its time line a table but does not build one: rows without a table's parts,
// headings of the fourth rank inside events, a scrolling area no key can reach. Screen readers are
// better served by plain groups of buttons, whose names the page gives in full.

const TABLE_ROLES = 
  "[role=row], [role=rowgroup], [role=rowheader], [role=columnheader], [role=cell]";

function repair(element, label) {
  for (const calendar of element.querySelectorAll(".ec[role=table]")) {
    calendar.setAttribute("role", "group");
    calendar.setAttribute("aria-label", label);
  }
  // The list view is a true list and keeps its roles.
  for (const part of element.querySelectorAll(TABLE_ROLES)) {
    for (const attribute of ["role", "aria-colindex", "aria-colspan"]) part.removeAttribute(attribute);
  }
  for (const title of element.querySelectorAll(".ec-event-title:not([role])")) {
    title.setAttribute("role", "presentation");
  }
  for (const area of element.querySelectorAll(".ec-main:not([tabindex])")) {
    area.tabIndex = 0;
    area.setAttribute("role", "region");
    area.setAttribute("aria-label", label);
  }
}

/** Keep the roles inside `element` right while the calendar redraws itself. */
export function repairRoles(element, label) {
  const observer = new MutationObserver(() => repair(element, label));
  observer.observe(element, { childList: true, subtree: true, attributeFilter: ["role"] });
  repair(element, label);
}
