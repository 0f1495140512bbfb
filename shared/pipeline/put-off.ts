import type * as z from "zod";
import { patch, type Ref, type Version } from "../store/documents.ts";
import { isUnavailableError } from "../store/with-deadline.ts";
import type { Deps } from "./route.ts";

/** About the time between two sweeps. */
const putOffMs = 15_000;

export interface PutOffDeps {
  readonly store: Pick<Deps["store"], "get" | "commit">;
  now(): number;
}

interface PutOff<S extends z.ZodObject> {
  readonly value: z.output<S> | null;
  readonly changedAt: Version | null;
  readonly version: Version;
}

/**
 * Makes a document due a little later, behind everything that is due now. A sweep takes the longest
 * due first, so a document whose work always fails or takes too long would otherwise be first in
 * every call, and nothing else would be worked on. A document that another process has worked on
 * meanwhile stays as it is. Never throws: what can't be put off stays due.
 * @param dueField The field with the epoch milliseconds from which the document is due, or null.
 * @returns Null if it wasn't put off; otherwise its version now, and what it was before and when it
 *   had changed last, which are null for a document that can't be read.
 */
export async function putOff<S extends z.ZodObject>(
  { store, now }: PutOffDeps,
  ref: Ref<S>,
  { dueField, byMs = putOffMs }: { readonly dueField: string; readonly byMs?: number },
): Promise<PutOff<S> | null> {
  const fields = { [dueField]: now() + byMs } as Partial<z.input<S>>;
  try {
    // An unreadable document is moved as well; no other process can change it meanwhile.
    const found = await store.get(ref).catch((cause: unknown) => {
      if (isUnavailableError(cause)) throw cause;
      return null;
    });
    if (found && !isDue(found.value, dueField, now())) return null;
    const condition = found?.version ? { version: found.version } : { mustExist: true as const };
    const version = await store.commit([patch(ref, fields, condition)]);
    return { value: found?.value ?? null, changedAt: found?.version ?? null, version };
  } catch {
    // Another process has changed it, or the database doesn't answer.
    return null;
  }
}

function isDue(value: object | null, dueField: string, now: number): boolean {
  const dueAt: unknown = value && Reflect.get(value, dueField);
  return typeof dueAt === "number" && dueAt <= now;
}
