// The reader of codes for browsers without one of their own: WebAssembly, fetched when needed.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { PACKAGES } from "./paths.mjs";

const NAME = "zxing_reader.wasm";

export async function copyReader(output) {
  const file = path.join(PACKAGES, "zxing-wasm", "dist", "reader", NAME);
  await output.add(NAME, await readFile(file));
}
