// One sprite with only the icons that some page names: the theme's `it-...`, our own `lab-...`.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { filesIn, PACKAGES, STATIC } from "./paths.mjs";

const SPRITE = path.join(PACKAGES, "bootstrap-italia", "dist", "svg", "sprites.svg");
const SYMBOL = /<symbol[^>]*\sid="([^"]+)".*?<\/symbol>/gs;
const NAME = /\b(?:it|lab)-[a-z0-9]+(?:-[a-z0-9]+)*\b/g;
const CALL = /\bicon\(\s*["']([a-z0-9-]+)["']/g;

async function themeSymbols() {
  const sprite = await readFile(SPRITE, "utf8");
  return [...sprite.matchAll(SYMBOL)].map(([symbol, name]) => [name, symbol]);
}

async function ownSymbols() {
  const files = await filesIn(path.join(STATIC, "img", "icons"), ".svg");
  return Promise.all(
    files.map(async (file) => {
      const name = `lab-${path.basename(file, ".svg")}`;
      const svg = await readFile(file, "utf8");
      const viewBox = svg.match(/viewBox="([^"]+)"/)?.[1] ?? "0 0 24 24";
      const drawing = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").trim();
      return [name, `<symbol id="${name}" viewBox="${viewBox}">${drawing}</symbol>`];
    }),
  );
}

function refuseUnknownIcons(sources, symbols) {
  for (const { file, text } of sources) {
    for (const [, name] of text.matchAll(CALL)) {
      if (!symbols.has(name)) throw new Error(`${file} asks for the icon "${name}", which does not exist.`);
    }
  }
}

export async function buildIcons(output, sources) {
  const symbols = new Map([...(await themeSymbols()), ...(await ownSymbols())]);
  refuseUnknownIcons(sources, symbols);
  const named = new Set(sources.flatMap(({ text }) => text.match(NAME) ?? []));
  const used = [...symbols].filter(([name]) => named.has(name)).map(([, symbol]) => symbol);
  await output.add("icons.svg", `<svg xmlns="http://www.w3.org/2000/svg">${used.join("")}</svg>\n`);
}
