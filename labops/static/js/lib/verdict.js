// What a scan came to: large, in colour, in words, and as a sound.

import { element } from "./elements.js";

const CLASSES = { good: "yes", known: "wait", bad: "no", kept: "wait" };
// Two tones up for a welcome, one for what is known, two down for a refusal.
const TONES = { good: [660, 880], known: [660], bad: [330, 220], kept: [550, 550] };
let sound = null;

export function play(tone) {
  try {
    sound ??= new AudioContext();
    (TONES[tone] ?? TONES.bad).forEach((frequency, place) => {
      const oscillator = sound.createOscillator();
      const volume = sound.createGain();
      const start = sound.currentTime + place * 0.16;
      oscillator.frequency.value = frequency;
      volume.gain.value = 0.2;
      oscillator.connect(volume).connect(sound.destination);
      oscillator.start(start);
      oscillator.stop(start + 0.14);
    });
  } catch {
    // A screen without loudspeakers still has colour and words.
  }
}

export function showVerdict(place, answer) {
  const heading = [answer.title, answer.name].filter(Boolean).join(", ");
  const box = element("div", {
    class: `verdict verdict--${CLASSES[answer.tone] ?? "no"}`,
    "data-result": answer.result,
    lang: answer.language || undefined,
  });
  box.append(element("strong", {}, [heading]));
  for (const line of answer.lines ?? []) box.append(element("p", {}, [line]));
  place.replaceChildren(box);
  play(answer.tone);
}
