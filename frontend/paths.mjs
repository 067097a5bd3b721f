// Where things are, from the root of the project.

import { readdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
export const PACKAGES = path.join(ROOT, "node_modules");
export const STATIC = path.join(ROOT, "labops", "static");

/** The files directly in `folder` with this ending, sorted; none when there is no such folder. */
export async function filesIn(folder, ending) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => path.join(folder, entry.name))
    .sort();
}
