// Arrow keys in the calendar: left and right within a row, up and down to the nearest of another row.

const EVENTS = ".ec-event [role=button]";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function middle(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { element, x: left + width / 2, y: top + height / 2 };
}

function nearest(from, others, [right, down]) {
  const ahead = others
    .map((other) => ({ ...other, along: right ? (other.x - from.x) * right : (other.y - from.y) * down, aside: right ? other.y - from.y : other.x - from.x }))
    .filter(({ along, aside }) => along > 4 && (!right || Math.abs(aside) < 16));
  // The next row first, then whatever is closest in it.
  ahead.sort((a, b) => (right ? a.along - b.along : Math.round((a.along - b.along) / 16) || Math.abs(a.aside) - Math.abs(b.aside)));
  return ahead[0]?.element;
}

export function followArrows(box) {
  box.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    // The same press of Enter that opens a window must not press the button that the window focuses.
    if (event.key === "Enter" && event.target.closest(EVENTS)) event.preventDefault();
    const current = step && document.activeElement?.closest(EVENTS);
    if (!current) return;
    const others = [...box.querySelectorAll(EVENTS)].filter((other) => other !== current).map(middle);
    const next = nearest(middle(current), others, step);
    event.preventDefault();
    next?.focus();
    next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}
