// The calendar page: machines as rows, drag to book, to move, to make longer or shorter.
//
// Every time here is a wall time of the site, "2026-11-26T14:00:00", never a Date: see lib/site_time.js.
// Without this script, and on a phone, the list that the server wrote stands in its place.

import calendar from "@event-calendar/build/dist/event-calendar.min.js";
import { callApi, NO_ANSWER } from "./lib/api_json.js";
import { followArrows } from "./lib/calendar_keys.js";
import { bookPanel, bookingPanel, refusalPanel } from "./lib/calendar_panels.js";
import { repairRoles } from "./lib/calendar_roles.js";
import { drawnEvents, drawnMachines, eventParts, finishEvent } from "./lib/calendar_rows.js";
import { fitSlots, instant, shifted, threeHoursOn } from "./lib/site_time.js";

const WIDE = "(min-width: 768px)";
const REFRESH = 60_000; // milliseconds
const API = "/api/v1/bookings";
const TAPPED = 3600; // seconds that a tap on free time asks for
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };

class BookingCalendar {
  constructor(box) {
    this.box = box;
    this.words = JSON.parse(box.dataset.words);
    this.status = document.getElementById("calendar-status");
    this.panels = { book: bookPanel(this.words), booking: bookingPanel(this.words), refusal: refusalPanel(this.words) };
  }

  async start() {
    if (!(await this.read())) return;
    this.box.replaceChildren();
    this.made = calendar.create(this.box, this.options());
    repairRoles(this.box, this.box.dataset.label);
    followArrows(this.box);
    new ResizeObserver(() => this.made.setOption("slotWidth", this.slotWidth())).observe(this.box);
    // The first column has its width only once it is drawn; after that nothing is drawn anew by itself.
    requestAnimationFrame(() => {
      this.made.setOption("slotWidth", this.slotWidth());
      requestAnimationFrame(() => (this.box.dataset.ready = "yes"));
    });
    setInterval(() => this.refreshQuietly(), REFRESH);
  }

  async read() {
    const { ok, data } = await callApi("GET", this.box.dataset.url);
    if (ok) this.data = data;
    else this.say(this.words.unreachable);
    return ok;
  }

  async refresh() {
    if (!(await this.read())) return;
    this.made.setOption("events", drawnEvents(this.data));
    this.made.setOption("resources", drawnMachines(this.data));
  }

  async refreshQuietly() {
    const busy = document.hidden || document.querySelector("dialog[open]") || this.box.querySelector(".ec-ghost, .ec-preview");
    // What was focused is drawn anew: leave the calendar alone while somebody is in it by keyboard.
    if (!busy && !this.box.contains(document.activeElement)) await this.refresh();
  }

  options() {
    const week = this.box.dataset.view === "week";
    const [slotMinTime, slotMaxTime] = this.shows();
    const grid = `00:${String(this.data.grid_minutes % 60).padStart(2, "0")}:00`;
    return {
      view: week ? "resourceTimelineWeek" : "resourceTimelineDay",
      date: this.box.dataset.date,
      headerToolbar: { start: "", center: "", end: "" },
      // Plain "en" would write days as in America: "Mon, Nov 23".
      locale: this.words.locale === "en" ? "en-GB" : this.words.locale,
      firstDay: 1,
      // Only where the line of the present stands depends on this: all times are the site's already.
      timeZone: this.data.now_offset,
      slotMinTime,
      slotMaxTime,
      slotDuration: week ? "01:00:00" : "00:30:00",
      slotLabelInterval: week ? "03:00:00" : "01:00:00",
      snapDuration: this.data.grid_minutes === 60 ? "01:00:00" : grid,
      slotWidth: this.slotWidth(),
      slotLabelFormat: week ? { hour: "2-digit", hourCycle: "h23" } : CLOCK,
      eventTimeFormat: CLOCK,
      dayHeaderFormat: { weekday: "short", day: "numeric", month: "short" },
      displayEventEnd: true,
      nowIndicator: true,
      selectable: true,
      editable: true,
      longPressDelay: 400,
      unselectAuto: false,
      resources: drawnMachines(this.data),
      events: drawnEvents(this.data),
      resourceLabelContent: ({ resource }) => this.machineLabel(resource),
      eventDidMount: finishEvent,
      eventContent: ({ event, timeText }) => eventParts(event, timeText, this.words),
      select: (drawn) => this.chooseSlot(drawn),
      dateClick: ({ dateStr, resource }) =>
        this.chooseSlot({ startStr: dateStr, endStr: shifted(dateStr, { seconds: TAPPED }), resource }),
      eventClick: ({ event }) => this.open(event),
      eventDrop: (drop) => this.drop(drop),
      eventResize: (drop) => this.drop(drop),
    };
  }

  /** From when to when a day is drawn; in a week its hours are labelled by threes. */
  shows() {
    const [first, last] = this.data.shows;
    return this.box.dataset.view === "week" ? [first, threeHoursOn(first, last)] : [first, last];
  }

  slotWidth() {
    const week = this.box.dataset.view === "week";
    return fitSlots(this.box, this.shows(), week ? { days: 7, minutes: 60, least: 8 } : { days: 1, minutes: 30, least: 30 });
  }

  machineLabel(resource) {
    const link = document.createElement("a");
    link.href = resource.extendedProps.url;
    link.textContent = resource.title;
    const more = document.createElement("span");
    more.textContent = resource.extendedProps.in_service ? resource.extendedProps.kind : this.words.outOfService;
    return { domNodes: [link, more] };
  }

  say(sentence) {
    this.status.textContent = sentence;
  }

  machineNames(slugs) {
    return slugs.map((slug) => this.data.machines.find((machine) => machine.slug === slug)?.name ?? slug).join(", ");
  }

  async chooseSlot({ startStr, endStr, resource }) {
    const wish = { machines: [resource.id], start: startStr, end: endStr };
    const booked = await this.panels.book.ask(wish, {
      name: this.machineNames(wish.machines),
      mayOverride: this.data.may_override,
      send: (typed) => this.book(wish.machines, typed),
      check: (typed) => this.check({ machines: wish.machines, ...this.instants(typed) }),
      whyNot: (typed) => this.whyNot(wish.machines, this.instants(typed)),
    });
    this.made.unselect();
    if (!booked) return;
    await this.refresh();
    this.say(this.words.booked);
  }

  book(machines, { start, end, note, override_reason }) {
    const [starts_at, ends_at] = [instant(start, this.data.offsets), instant(end, this.data.offsets)];
    if (!starts_at || !ends_at) return this.noSuchTime();
    return callApi("POST", API, { machines, starts_at, ends_at, note, override_reason });
  }

  instants({ start, end }) {
    return { starts_at: instant(start, this.data.offsets), ends_at: instant(end, this.data.offsets) };
  }

  /** Ask every rule, without booking; null while there is nothing to ask. */
  async check(wish) {
    if (!wish.starts_at || !wish.ends_at) return null;
    return callApi("POST", `${API}/check`, wish);
  }

  whyNot(machines, { starts_at, ends_at }) {
    const query = new URLSearchParams(machines.map((machine) => ["machine", machine]));
    if (starts_at && ends_at) {
      query.append("starts_at", starts_at);
      query.append("ends_at", ends_at);
    }
    return `${this.words.whyNot}?${query}`;
  }

  noSuchTime() {
    return { ok: false, reasons: [{ detail: this.words.noSuchTime, overridable: false, fix: "" }] };
  }

  open(event) {
    const booking = event.extendedProps.booking;
    if (!booking) return;
    const why = this.whyNot(booking.machines, this.instants(booking));
    this.panels.booking.show(booking, this.machineNames(booking.machines), why);
  }

  /** Send a drop. What is refused snaps back, and every reason is said. */
  async drop({ event, delta, startDelta, endDelta, newResource, oldResource, revert }) {
    const { booking } = event.extendedProps;
    let answer;
    const change = {};
    if (newResource && booking.machines.length > 1) {
      answer = { ok: false, reasons: [{ detail: this.words.oneMachine, overridable: false, fix: "" }] };
    } else {
      if (newResource) change.machines = booking.machines.map((slug) => (slug === oldResource.id ? newResource.id : slug));
      const start = shifted(booking.start, delta ?? startDelta);
      const end = shifted(booking.end, delta ?? endDelta);
      if (!booking.starts_fixed) change.starts_at = instant(start, this.data.offsets);
      change.ends_at = instant(end, this.data.offsets);
      const exists = change.ends_at && (booking.starts_fixed || change.starts_at);
      answer = exists ? await callApi("PATCH", `${API}/${booking.uid}`, change) : this.noSuchTime();
    }
    if (!answer.ok) {
      revert();
      const starts_at = change.starts_at ?? instant(booking.start, this.data.offsets);
      const machines = change.machines ?? booking.machines;
      const checked = await this.check({ machines, starts_at, ends_at: change.ends_at, booking: booking.uid });
      const reasons = checked?.data?.reasons?.length ? checked.data.reasons : answer.reasons;
      answer = await this.panels.refusal.explain(reasons, {
        mayOverride: this.data.may_override && answer !== NO_ANSWER,
        send: (override_reason) => callApi("PATCH", `${API}/${booking.uid}`, { ...change, override_reason }),
      });
    }
    await this.refresh();
    if (answer?.ok) this.say(this.words.moved);
  }
}

function startWhenWide() {
  const box = document.getElementById("calendar");
  const screen = matchMedia(WIDE);
  if (!box) return;
  const begin = () => new BookingCalendar(box).start();
  if (screen.matches) begin();
  else screen.addEventListener("change", ({ matches }) => matches && begin(), { once: true });
}

startWhenWide();
