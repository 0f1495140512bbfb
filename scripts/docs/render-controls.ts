import { controls } from "../../test/controls.ts";
import { findControlFaults, type PromiseGroup, readPromises } from "./control-status.ts";
import { code, generatedNotice, link, table } from "./markdown.ts";

/** `docs/controls.md`: each promise with what keeps it, or the word **open**. */
export function renderControls(root: string): string {
  const groups = readPromises(root);
  const all = groups.flatMap((group) => group.controls);
  const kept = all.filter(({ id }) => isKept(root, id)).length;
  return [
    "# Controls",
    "",
    generatedNotice("docs/controls.json and test/controls.ts"),
    "",
    "What the platform promises. A promise is kept when code enforces it, a test is named after it,",
    "and a mutation of that code makes the test fail (`npm run test:mutations`). Proofs: `P` on a",
    "laptop, against emulators or the real sandbox; `T` by a policy test over the Terraform",
    "configuration; `D` a document that must be present and current.",
    "",
    `**${kept} of ${all.length} are kept; the others are open.**`,
    "",
    ...groups.flatMap((group) => renderGroup(root, group)),
  ].join("\n");
}

function renderGroup(root: string, { prefix, title, controls: rows }: PromiseGroup): string[] {
  const cells = rows.map(({ id, promise, proof }) => [
    id,
    promise,
    proof.join(" "),
    ...keptBy(root, id),
  ]);
  const head = ["id", "promise", "proof", "enforced by", "test", "mutation"];
  return [`## ${prefix}: ${title}`, "", ...table(head, cells), ""];
}

function keptBy(root: string, id: string): string[] {
  const control = controls[id];
  if (control === undefined || !isKept(root, id)) return ["**open**", "", ""];
  const { enforcedBy, test, mutation } = control;
  const change = `${code(mutation.find)} → ${mutation.replace === "" ? "nothing" : code(mutation.replace)}`;
  return [link(enforcedBy), link(test), change];
}

function isKept(root: string, id: string): boolean {
  const control = controls[id];
  return control !== undefined && findControlFaults(root, id, control).length === 0;
}
