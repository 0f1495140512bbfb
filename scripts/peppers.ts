/**
 * `npm run peppers`: manages the peppers of API keys, in the local cloud's file or in `--file`.
 * `add` one, `use` it once every instance has the file, and `drop` the old one when no live key
 * depends on it any more (docs/keys.md). Without a command, it lists their names.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeFileAtomically } from "../local/lib/atomic-file.ts";
import { addPepper, dropPepper, PepperFile, usePepper } from "./peppers/key-file.ts";
import { repositoryRoot } from "./tools/repository.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: "string", default: join(repositoryRoot, ".paddock/secrets/peppers.json") },
  },
});
const [order = "list", id = ""] = positionals;
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
      throw new Error(`peppers can't ${order}: add, use <name>, drop <name> or list`);
  }
}
