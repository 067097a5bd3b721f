// Wall times of the site as text, "2026-11-26T14:00:00". The browser's own zone plays no part:
// arithmetic is done on the text as if it were UTC, and the server says which offset holds when.

function asNumber(wall) {
  return Date.parse(`${wall.slice(0, 16)}:00Z`);
}

function asWall(number) {
  return new Date(number).toISOString().slice(0, 19);
}

/** The wall time moved by a difference as EventCalendar gives it. */
export function shifted(wall, difference) {
  const { days = 0, seconds = 0 } = difference ?? {};
  return asWall(asNumber(wall) + (days * 86_400 + seconds) * 1000);
}

/** The wall time with the offset that holds then; null when the clocks skip it. */
export function instant(wall, offsets) {
  const text = asWall(asNumber(wall));
  let offset = offsets[0][1];
  for (const [from, then] of offsets) if (from <= text) offset = then;
  return offset && text + offset;
}

/** The end of a day that begins and ends then, put off until whole three hours were passed. */
export function threeHoursOn(first, last) {
  const [from, to] = [first, last].map((text) => Number(text.slice(0, 2)) + Number(text.slice(3, 5)) / 60);
  const end = Math.min(24, from + Math.ceil((to - from) / 3) * 3);
  return `${String(Math.max(end, Math.ceil(to))).padStart(2, "0")}:00:00`;
}

/** How wide a slot must be, in pixels, for the row to fill the box. */
export function fitSlots(box, [first, last], { days, minutes, least }) {
  const hours = (text) => Number(text.slice(0, 2)) + Number(text.slice(3, 5)) / 60;
  const count = Math.ceil(((hours(last) - hours(first)) * 60) / minutes) * days;
  const sidebar = box.querySelector(".ec-sidebar")?.offsetWidth || 192;
  return Math.max(least, Math.floor(((box.clientWidth - sidebar - 4) / count) * 100) / 100);
}
