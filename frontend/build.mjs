// Bundles, purges and hashes the front end.
//
//   node frontend/build.mjs OUTPUT_FOLDER
//
// Every file directly in labops/static/css and labops/static/js is one bundle; what they share
// lives in css/parts and js/lib. Every file directly in static/img is copied. All outputs carry
// a content hash in their name, and manifest.json leads from the plain name to the hashed one.

import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { buildFonts } from "./fonts.mjs";
import { buildIcons } from "./icons.mjs";
import { copyImages } from "./images.mjs";
import { collectLicences } from "./licences.mjs";
import { OutputFolder } from "./output.mjs";
import { copyReader } from "./reader.mjs";
import { buildScripts } from "./scripts.mjs";
import { readSources } from "./sources.mjs";
import { buildStyles } from "./styles.mjs";

async function main(folder) {
  await mkdir(folder, { recursive: true });
  const output = new OutputFolder(folder);
  const sources = await readSources();
  const fonts = await buildFonts(output);
  await buildIcons(output, sources);
  await copyImages(output);
  await buildStyles(output, sources, fonts);
  await buildScripts(output);
  await copyReader(output);
  await collectLicences(output);
  await writeFile(
    path.join(folder, "manifest.json"),
    `${JSON.stringify(output.manifest(), null, 2)}\n`,
  );
  output.report();
}

const [, , folder] = process.argv;
if (!folder) {
  console.error("Usage: node frontend/build.mjs OUTPUT_FOLDER");
  process.exit(2);
}
main(path.resolve(folder)).catch((error) => {
  console.error(`The front end could not be bundled: ${error.message}`);
  process.exit(1);
});
