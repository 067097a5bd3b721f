// One style sheet for every file directly in static/css; app.css also holds the design system.

import { readFile } from "node:fs/promises";
import path from "node:path";
import * as esbuild from "esbuild";
import { transform } from "lightningcss";
import { PurgeCSS } from "purgecss";
import { filesIn, PACKAGES, STATIC } from "./paths.mjs";

const THEME = path.join(PACKAGES, "bootstrap-italia", "dist", "css", "bootstrap-italia.min.css");
const SYSTEM_SHEET = "app.css";
const TARGETS = { chrome: 111 << 16, firefox: 113 << 16, safari: (16 << 16) | (4 << 8) };

// Words that are class names of the theme but common in scripts and prose: keeping what they
// select would bring whole components nobody uses.
const NOT_CLASSES = new Set(["calendar", "map", "list", "rating", "timeline", "video", "cookiebar"]);

function classNames(text) {
  return (text.match(/[A-Za-z][\w-]*/g) ?? []).filter((word) => !NOT_CLASSES.has(word));
}

async function bundle(file) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [file],
    bundle: true,
    write: false,
    external: ["*.woff2"],
    loader: { ".svg": "dataurl", ".png": "dataurl" },
    logLevel: "silent",
  });
  return outputFiles[0].text;
}

/** The design system without the rules that no page of ours can match. */
async function purgedTheme(sources, ownCss) {
  const raw = (await readFile(THEME, "utf8")).replace(/@font-face\s*\{[^}]*\}/g, "");
  const [{ css }] = await new PurgeCSS().purge({
    content: sources.map(({ text }) => ({ raw: text, extension: "html" })),
    css: [{ raw }],
    defaultExtractor: classNames,
    variables: true,
    keyframes: true,
    safelist: {
      // Names that macros put together from a part and a value.
      standard: ["html", "body", "show", "active", "disabled", /^alert-(success|warning|danger|info)$/],
      variables: ownCss.match(/--bs-[\w-]+/g) ?? [],
    },
  });
  return css;
}

export async function buildStyles(output, sources, fonts) {
  for (const file of await filesIn(path.join(STATIC, "css"), ".css")) {
    const name = path.basename(file);
    let css = await bundle(file);
    if (name === SYSTEM_SHEET) {
      // A layer: our rules win whatever the theme's specificity, and so does the calendar's CSS.
      // Where the theme says !important, an earlier layer that says so too wins: that is "first".
      css = `@layer first,theme;@layer theme{${await purgedTheme(sources, css)}}\n${fonts}\n${css}`;
    }
    const { code } = transform({ filename: name, code: Buffer.from(css), minify: true, targets: TARGETS });
    await output.add(name, code);
  }
}
