import {
  type Half,
  halvesOf,
  type PromiseGroup,
  readPromises,
  type StatedPromise,
} from "./control-status.ts";
import { code, generatedNotice, link, table } from "./markdown.ts";

/** `docs/controls.md`: each promise with what keeps it, or the word **open**. */
export function renderControls(root: string): string {
  const groups = readPromises(root);
  const all = groups.flatMap((group) => group.controls);
  const halves = all.map((promise) => halvesOf(root, promise));
  const kept = halves.filter((each) => each.every(({ control }) => control !== null)).length;
  const openT = halves.flat().filter(({ proof, control }) => proof === "T" && control === null);
  const isAll = kept === all.length;
  const rest = isAll ? "." : `; the others are open. Open \`T\`: ${openT.length}.`;
  return [
    "# Controls",
    "",
    generatedNotice("controls/"),
    "",
    "What Paddock promises. A promise is kept when code enforces it, a test is named after it, and a",
    "mutation of that code makes the test fail (`npm run test:mutations`). There are three kinds of",
    "proof: `P` is a test on a laptop, against emulators or the real sandbox; `T` is a policy test",
    "over the Terraform configuration; `D` is a document that must be present and current. Where a",
    "promise needs several proofs, each has a line, and the promise is kept if none of them is open.",
    "",
    `**${kept} of ${all.length} are kept${rest}**`,
    "",
    ...groups.flatMap((group) => renderGroup(root, group)),
  ].join("\n");
}

function renderGroup(root: string, { prefix, title, controls: rows }: PromiseGroup): string[] {
  const cells = rows.map((promise) => [
    promise.id,
    promise.promise,
    promise.proof.join(" "),
    ...keptBy(root, promise),
  ]);
  const head = ["id", "promise", "proof", "enforced by", "test", "mutation"];
  return [`## ${prefix}: ${title}`, "", ...table(head, cells), ""];
}

/** One line per half; only the word **open** if all halves are. */
function keptBy(root: string, promise: StatedPromise): string[] {
  const halves = halvesOf(root, promise);
  if (halves.every(({ control }) => control === null)) return ["**open**", "", ""];
  const lines = halves.map((half) => linesOf(half, halves.length > 1 ? `${half.proof}: ` : ""));
  return [0, 1, 2].map((column) => lines.map((line) => line[column]).join("<br>"));
}

function linesOf({ control }: Half, prefix: string): string[] {
  if (control === null) return [`${prefix}**open**`, `${prefix}–`, `${prefix}–`];
  const { enforcedBy, test, mutation } = control;
  const where = mutation.file === enforcedBy ? "" : `${link(mutation.file)}: `;
  const made = mutation.replace === "" ? "nothing" : code(mutation.replace);
  const change = `${where}${code(mutation.find)} → ${made}`;
  return [link(enforcedBy), link(test), change].map((text) => `${prefix}${text}`);
}
