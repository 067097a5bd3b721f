// Pictures of our own, copied under hashed names.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { filesIn, STATIC } from "./paths.mjs";

export async function copyImages(output) {
  for (const ending of [".svg", ".png", ".webp"]) {
    for (const file of await filesIn(path.join(STATIC, "img"), ending)) {
      await output.add(path.basename(file), await readFile(file));
    }
  }
}
