/** A deployment's pepper file, as functions mount it; each change returns a new one. */
import { randomBytes } from "node:crypto";
import * as z from "zod";

export const PepperFile = z.object({
  current: z.string(),
  keys: z.record(z.string(), z.string().regex(/^[0-9a-f]{64,}$/)),
});
export type PepperFile = z.infer<typeof PepperFile>;

const idForm = /^k([1-9][0-9]{0,5})$/;

/** Adds one that verifies, but doesn't issue yet. */
export function addPepper(file: PepperFile): { readonly file: PepperFile; readonly id: string } {
  const numbers = Object.keys(file.keys).map((id) => Number(idForm.exec(id)?.[1] ?? 0));
  const id = `k${Math.max(0, ...numbers) + 1}`;
  const keys = { ...file.keys, [id]: randomBytes(32).toString("hex") };
  return { file: { ...file, keys }, id };
}

/** New keys are made with it from now on. @throws if the file doesn't have it. */
export function usePepper(file: PepperFile, id: string): PepperFile {
  requirePepper(file, id);
  return { ...file, current: id };
}

/** Keys it issued are refused from now on. @throws if it is the one that issues. */
export function dropPepper(file: PepperFile, id: string): PepperFile {
  requirePepper(file, id);
  if (file.current === id) throw new Error(`${id} is in use: use another one first`);
  const { [id]: _dropped, ...keys } = file.keys;
  return { ...file, keys };
}

function requirePepper({ keys }: PepperFile, id: string): void {
  if (!Object.hasOwn(keys, id)) throw new Error(`there is no pepper ${id}`);
}
