/** Decides which promises are kept from what is in the repository. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Control } from "../../controls/control.ts";
import { controls } from "../../controls/controls.ts";
import { deploymentControls } from "../../controls/deployment.ts";
import { documentControls } from "../../controls/documents.ts";

const PromiseGroup = z.object({
  prefix: z.string(),
  title: z.string(),
  controls: z.array(
    z.object({
      id: z.string().regex(/^[A-Z]+-\d+$/),
      promise: z.string(),
      /** `P` on a laptop, `T` over the Terraform configuration, `D` a document. */
      proof: z.array(z.enum(["P", "T", "D"])),
    }),
  ),
});
export type PromiseGroup = z.infer<typeof PromiseGroup>;
export type StatedPromise = PromiseGroup["controls"][number];
export type Proof = StatedPromise["proof"][number];

/** One way to prove a promise, and what does so; null while nothing does. */
export interface Half {
  readonly proof: Proof;
  readonly control: Control | null;
}

export function readPromises(root: string): PromiseGroup[] {
  const text = readFileSync(join(root, "controls", "promises.json"), "utf8");
  return z.array(PromiseGroup).parse(JSON.parse(text));
}

/** Where each kind of proof is registered. */
const registers: Readonly<Record<Proof, Readonly<Record<string, Control>>>> = {
  P: controls,
  T: deploymentControls,
  D: documentControls,
};

/** Every way in which a promise has to be proven; it is kept only if none of them is open. */
export function halvesOf(root: string, { id, proof }: StatedPromise): Half[] {
  return proof.map((kind) => {
    const control = registers[kind][id];
    const kept = control !== undefined && findControlFaults(root, id, control).length === 0;
    return { proof: kind, control: kept ? control : null };
  });
}

/** What is wrong with a control's entry; if nothing is, this half of the promise is kept. */
export function findControlFaults(root: string, id: string, control: Control): string[] {
  const { enforcedBy, test, mutation } = control;
  const read = (path: string) =>
    existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : null;
  const faults: string[] = [];
  if (read(enforcedBy) === null) faults.push(`${enforcedBy} doesn't exist`);
  const tests = read(test);
  const named = new RegExp(`\\b(describe|test|it)[^"'\`\n]*\\(\\s*["'\`]${id}\\b`);
  if (tests === null) faults.push(`${test} doesn't exist`);
  else if (!named.test(tests)) faults.push(`${test} has no test named "${id} …"`);
  const count = read(mutation.file)?.split(mutation.find).length ?? 0;
  if (count !== 2) {
    faults.push(`the mutation's text occurs ${Math.max(0, count - 1)} times in ${mutation.file}`);
  }
  return faults;
}
