// From what the server knows to what EventCalendar draws.

import { element } from "./elements.js";

export function drawnMachines({ machines }) {
  return machines.map(({ slug, name, ...more }) => ({ id: slug, title: name, extendedProps: more }));
}

function ground([machine, start, end], className) {
  return { resourceIds: [machine], start, end, display: "background", classNames: [className] };
}

function kindOf(booking) {
  if (booking.state === "finished") return "slot--finished";
  return booking.mine ? "slot--mine" : "slot--other";
}

/** Work on a machine or an induction, for everybody to read; nobody drags it. */
function drawnWork({ id, machine, start, end, reason, when, kind }, name) {
  return {
    id,
    resourceIds: [machine],
    start,
    end,
    title: reason,
    editable: false,
    classNames: ["slot", "slot--maintenance"],
    extendedProps: { work: { machineName: name, reason, when, kind } },
  };
}

export function drawnEvents({ bookings, closed, blocked, maintenance, machines }) {
  const names = new Map(machines.map(({ slug, name }) => [slug, name]));
  return [
    ...closed.map((span) => ground(span, "slot--closed")),
    ...blocked.map((span) => ground(span, "slot--blocked")),
    ...maintenance.map((work) => drawnWork(work, names.get(work.machine))),
    ...bookings.map((booking) => ({
      id: booking.uid,
      resourceIds: booking.machines,
      start: booking.start,
      end: booking.end,
      title: booking.title,
      startEditable: booking.movable && !booking.starts_fixed,
      durationEditable: booking.movable,
      classNames: ["slot", kindOf(booking)],
      extendedProps: { booking, machineNames: booking.machines.map((slug) => names.get(slug)).join(", ") },
    })),
  ];
}

/** What stands in a booking: for screen readers its machine too, as the row is not read with it. */
export function eventParts(event, timeText, words) {
  const { booking, machineNames, work } = event.extendedProps;
  if (work) {
    const name = element("span", { class: "visually-hidden" }, [`${work.machineName}, ${work.kind ?? words.maintenance}: `]);
    return { domNodes: [name, element("span", { class: "slot__who" }, [work.reason]), element("span", { class: "slot__when" }, [timeText])] };
  }
  if (!booking) return event.display === "background" ? { domNodes: [] } : { domNodes: [element("span", {}, [timeText])] };
  const state = words.states[booking.state];
  const button = element("div", { class: "slot__open", role: "button", tabindex: "0" }, [
    element("span", { class: "visually-hidden" }, [`${machineNames}, `]),
    element("span", { class: "slot__who" }, [booking.title]),
    element("span", { class: "slot__when" }, [timeText]),
    ...(state ? [element("span", { class: "slot__state" }, [state])] : []),
  ]);
  return { domNodes: [button] };
}

/** EventCalendar makes a button of an article, which may not be one: the button is inside it. */
export function finishEvent({ event, el }) {
  const { booking, machineNames, work } = event.extendedProps;
  el.removeAttribute("role");
  el.removeAttribute("tabindex");
  if (work) el.title = `${work.machineName}, ${work.reason}, ${work.when}`;
  if (booking) el.title = `${machineNames}, ${booking.title}, ${booking.when}`;
}
