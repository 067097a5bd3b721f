// Titillium Web from its package: three weights, Latin first, extended Latin only when needed.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { PACKAGES } from "./paths.mjs";

const WEIGHTS = [400, 600, 700];
const SUBSETS = ["latin", "latin-ext"];
const PAPER_WEIGHTS = { 400: "regular", 700: "700" };
const PAPER_FONTS = path.join(PACKAGES, "bootstrap-italia", "dist", "fonts", "Titillium_Web");
const FONTSOURCE = path.join(PACKAGES, "@fontsource", "titillium-web");

/** Write the fonts and return the CSS that declares them. */
export async function buildFonts(output) {
  const ranges = JSON.parse(await readFile(path.join(FONTSOURCE, "unicode.json"), "utf8"));
  const rules = [];
  for (const weight of WEIGHTS) {
    for (const subset of SUBSETS) {
      const file = path.join(FONTSOURCE, "files", `titillium-web-${subset}-${weight}-normal.woff2`);
      const hashed = await output.add(`titillium-${subset}-${weight}.woff2`, await readFile(file));
      rules.push(
        `@font-face{font-family:"Titillium Web";font-style:normal;font-weight:${weight};` +
          `font-display:swap;src:url("${hashed}") format("woff2");unicode-range:${ranges[subset]}}`,
      );
    }
  }
  await addPaperFonts(output);
  return rules.join("\n");
}

/** The same letters as TrueType, whole: the server sets printed labels with them. */
async function addPaperFonts(output) {
  for (const [weight, name] of Object.entries(PAPER_WEIGHTS)) {
    const file = path.join(PAPER_FONTS, `titillium-web-v10-latin-ext_latin-${name}.ttf`);
    await output.add(`titillium-${weight}.ttf`, await readFile(file));
  }
}
