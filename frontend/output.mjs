// Writes outputs under hashed names, with compressed twins for the server to hand out.

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const TEXT = new Set([".css", ".js", ".svg", ".txt", ".wasm"]);
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };

export class OutputFolder {
  #folder;
  #names = new Map();
  #sizes = [];

  constructor(folder) {
    this.#folder = folder;
  }

  /** Write `content` as `name` with its hash inside, and return the hashed name. */
  async add(name, content) {
    const bytes = Buffer.from(content);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    const { name: stem, ext } = path.parse(name);
    const hashed = `${stem}.${hash}${ext}`;
    this.#names.set(name, hashed);
    await writeFile(path.join(this.#folder, hashed), bytes);
    if (TEXT.has(ext)) await this.#compress(name, hashed, bytes);
    return hashed;
  }

  async #compress(name, hashed, bytes) {
    const zipped = gzipSync(bytes, { level: 9 });
    await writeFile(path.join(this.#folder, `${hashed}.gz`), zipped);
    await writeFile(path.join(this.#folder, `${hashed}.br`), brotliCompressSync(bytes, BROTLI));
    this.#sizes.push([name, bytes.length, zipped.length]);
  }

  manifest() {
    return Object.fromEntries([...this.#names].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  report() {
    for (const [name, plain, zipped] of this.#sizes) {
      const [kilobytes, compressed] = [plain, zipped].map((size) => (size / 1000).toFixed(1));
      console.log(`${name.padEnd(24)} ${kilobytes.padStart(8)} kB ${compressed.padStart(8)} kB gzip`);
    }
  }
}
