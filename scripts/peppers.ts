/** `npm run peppers`: see `usage`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../local/lib/atomic-file.ts";
import { addPepper, dropPepper, PepperFile, usePepper } from "./peppers/key-file.ts";
import { readArguments, refuse } from "./tools/options.ts";
import "./tools/plain-errors.ts";
import { repositoryRoot } from "./tools/repository.ts";

const usage = `
npm run peppers -- [command]: manages the peppers of API keys (docs/keys.md).

  list         their names, which is also what it does without a command
  add          another one, which verifies
  use NAME     it issues from now on: once every instance has the file
  drop NAME    takes it out: when no live key depends on it any more
  --file FILE  the file of a deployment, if not the local cloud's`;
const { values, positionals } = readArguments(usage, {
  file: { type: "string", default: join(repositoryRoot, ".paddock/secrets/peppers.json") },
});
const [order = "list", id = "", ...surplus] = positionals;
const named = order === "use" || order === "drop";
if (surplus.length > 0 || named !== (id !== "")) {
  refuse(named ? `Name one pepper to ${order}.` : `"${order}" takes no name.`);
}
const before = PepperFile.parse(JSON.parse(await readFile(values.file, "utf8")));
const after = obey();
if (after !== before) await writeFileAtomically(values.file, JSON.stringify(after));
for (const name of Object.keys(after.keys)) {
  console.log(name === after.current ? `${name}  issues and verifies` : `${name}  verifies`);
}

function obey(): PepperFile {
  switch (order) {
    case "list":
      return before;
    case "add":
      return addPepper(before).file;
    case "use":
      return usePepper(before, id);
    case "drop":
      return dropPepper(before, id);
    default:
      return refuse(`There is no command "${order}".`);
  }
}
