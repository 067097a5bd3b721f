// The calendar page. Only the way to the calendar itself stands here so far.

import calendar from "@event-calendar/build/dist/event-calendar.min.js";
import { repairRoles } from "./lib/calendar_roles.js";

/** Put a calendar into `element`; EventCalendar's options pass through unchanged. */
export function createCalendar(element, options) {
  const made = calendar.create(element, options);
  repairRoles(element, element.dataset.label ?? document.title);
  return made;
}
