// Reads one feed a line, in base64, and answers each with what ical.js sees in it, as JSON.
import readline from "node:readline";
import ICAL from "ical.js";

const instant = (time) => time.toJSDate().toISOString();

function seen(text) {
  const calendar = new ICAL.Component(ICAL.parse(text));
  return calendar.getAllSubcomponents("vevent").map((component) => {
    const event = new ICAL.Event(component, { strictExceptions: true });
    return [event.uid, instant(event.startDate), instant(event.endDate), event.summary ?? ""];
  });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { events: seen(Buffer.from(line, "base64").toString("utf8")) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
