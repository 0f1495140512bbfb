/** `npm run models:diff`: see `usage`. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readTable, type TableModel } from "./models/pi-table.ts";
import { readArguments, refuse } from "./tools/options.ts";

const file = join(dirname(fileURLToPath(import.meta.url)), "../shared/core/models/catalogue.json");

const usage = `
npm run models:diff -- FOLDER [options]: compares the model catalogue with the tables of the npm
package @earendil-works/pi-ai, for a person to review. FOLDER is the unpacked package
(npm pack @earendil-works/pi-ai).

  --write   takes over prices and limits of the models that the catalogue has
  --add ID  adds a model; may be repeated`;
const { values, positionals } = readArguments(usage, {
  write: { type: "boolean", default: false },
  add: { type: "string", multiple: true, default: [] },
});
const [folder, ...others] = positionals;
if (folder === undefined || others.length > 0) {
  refuse("Name one folder, that of the unpacked package @earendil-works/pi-ai.");
}

const packageJson: { version: string } = JSON.parse(
  readFileSync(join(folder, "package.json"), "utf8"),
);
const source = `@earendil-works/pi-ai ${packageJson.version}`;
const tables: unknown = await import(pathToFileURL(join(folder, "dist/models.generated.js")).href);
const table = readTable(tables);
const stored: { models: TableModel[] } = JSON.parse(readFileSync(file, "utf8"));
const today = new Date().toISOString().slice(0, 10);

let differences = 0;
const models = stored.models.map((model) => {
  const newer = table.get(model.id);
  if (!newer) {
    differences += 1;
    console.log(`- ${model.id}: the table doesn't have it`);
    return model;
  }
  const changed = changedFields(model, newer);
  if (changed.length === 0) return model;
  differences += 1;
  for (const line of changed) console.log(`~ ${model.id}: ${line}`);
  return { ...model, ...newer, effectiveFrom: today, source };
});
for (const [id, model] of table) {
  if (models.some((known) => known.id === id)) continue;
  if (values.add.includes(id)) models.push({ ...model, effectiveFrom: today, source });
  else console.log(`+ ${id}: only in the table`);
}
if (values.write) {
  writeFileSync(file, `${JSON.stringify({ ...stored, models }, null, 2)}\n`);
  console.log(`Written: ${file}. Review the difference before you commit it.`);
} else console.log(`${differences} models of the catalogue differ from ${source}.`);

function changedFields(model: TableModel, newer: TableModel): string[] {
  const names = ["prices", "contextTokens", "outputTokensMax", "vision", "reasoning"] as const;
  return names.flatMap((name) => {
    const [before, after] = [JSON.stringify(model[name]), JSON.stringify(newer[name])];
    return before === after ? [] : `${name} ${before} → ${after}`;
  });
}
