// The text in which class names and icon names are looked for.

import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./paths.mjs";

const ROOMS = [
  ["labops/templates", [".html", ".jinja", ".svg"]],
  ["labops/blueprints", [".py"]],
  ["labops/static/js", [".js"]],
];

async function walk(folder, endings) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return walk(full, endings);
      return endings.includes(path.extname(entry.name)) ? [full] : [];
    }),
  );
  return found.flat();
}

/** Every template, page module and blueprint as `{file, text}`, in a fixed order. */
export async function readSources() {
  const files = await Promise.all(
    ROOMS.map(([room, endings]) => walk(path.join(ROOT, room), endings)),
  );
  return Promise.all(
    files
      .flat()
      .sort()
      .map(async (file) => ({ file: path.relative(ROOT, file), text: await readFile(file, "utf8") })),
  );
}
