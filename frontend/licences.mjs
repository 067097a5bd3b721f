// The licences of everybody else's work that we hand out, as those licences ask.

import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { PACKAGES, ROOT } from "./paths.mjs";

async function licenceOf(name) {
  const folder = path.join(PACKAGES, name);
  const { version, license } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? await readFile(path.join(folder, file), "utf8") : `Licence: ${license}\n`;
  return `${name} ${version}\n${"=".repeat(60)}\n${text.trim()}\n`;
}

export async function collectLicences(output) {
  const { dependencies } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
  const texts = await Promise.all(Object.keys(dependencies).sort().map(licenceOf));
  await output.add("third-party.txt", texts.join("\n\n"));
}
