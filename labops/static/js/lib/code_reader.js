// Reading QR codes with the camera: by the browser itself where it can, else by WebAssembly.

async function makeDetector(wasm) {
  if ("BarcodeDetector" in globalThis) {
    const formats = await globalThis.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (formats.includes("qr_code")) return new globalThis.BarcodeDetector({ formats: ["qr_code"] });
  }
  const { BarcodeDetector, prepareZXingModule } = await import("barcode-detector/ponyfill");
  prepareZXingModule({ overrides: { locateFile: () => wasm } });
  return new BarcodeDetector({ formats: ["qr_code"] });
}

const PAUSE = 120; // milliseconds between two looks
const SAME_AGAIN = 4000; // a code that stays in front of the camera is read once

/** Show what the camera sees in `video` and call `found(text)` for each code; returns a stop. */
export async function readCodes(video, wasm, found) {
  const detector = await makeDetector(wasm);
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1280 } },
  });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  let running = true;
  let last = { text: "", at: 0 };
  const look = async () => {
    if (!running) return;
    const codes = await detector.detect(video).catch(() => []);
    const text = codes[0]?.rawValue ?? "";
    const now = performance.now();
    if (text && (text !== last.text || now - last.at > SAME_AGAIN)) found(text);
    if (text) last = { text, at: now };
    setTimeout(look, PAUSE);
  };
  look();
  return () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
    video.hidden = true;
  };
}

/** Let a button switch the camera on and off. */
export function offerCamera(button, video, wasm, found, failed) {
  if (!button || !navigator.mediaDevices?.getUserMedia) return;
  button.hidden = false;
  let stop = null;
  button.addEventListener("click", async () => {
    if (stop) {
      stop();
      stop = null;
    } else {
      try {
        stop = await readCodes(video, wasm, found);
      } catch {
        failed();
      }
    }
    button.setAttribute("aria-pressed", String(Boolean(stop)));
  });
}
