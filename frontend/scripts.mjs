// One script bundle for every module directly in static/js.

import { readFile } from "node:fs/promises";
import path from "node:path";
import * as esbuild from "esbuild";
import { filesIn, STATIC } from "./paths.mjs";

// The prepared build of EventCalendar is smaller than its module form (44 against 48 kB gzip with
// four views), but it only sets a variable; this makes it importable without a global.
const calendarAsModule = {
  name: "calendar-as-module",
  setup(build) {
    build.onLoad({ filter: /event-calendar\.min\.js$/ }, async ({ path: file }) => ({
      contents: `${await readFile(file, "utf8")}\nexport default EventCalendar;\n`,
      loader: "js",
    }));
  },
};

export async function buildScripts(output) {
  for (const file of await filesIn(path.join(STATIC, "js"), ".js")) {
    const { outputFiles } = await esbuild.build({
      entryPoints: [file],
      bundle: true,
      write: false,
      minify: true,
      format: "esm",
      target: "es2022",
      legalComments: "none",
      plugins: [calendarAsModule],
      logLevel: "silent",
    });
    await output.add(path.basename(file), outputFiles[0].contents);
  }
}
