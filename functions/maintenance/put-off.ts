import type * as z from "zod";
import type { Deps } from "#shared/pipeline/route";
import { patch, type Ref } from "#shared/store/documents";

/** Roughly the time until a sweep comes by again. */
const putOffMs = 15_000;

interface PutOffDeps {
  readonly store: Pick<Deps["store"], "get" | "commit">;
  now(): number;
}

/**
 * Moves what failed behind everything else that is due. Things that always fail would otherwise
 * fill the page of every call, and nothing else would be handled. It changes nothing that another
 * process handled meanwhile, and never throws: if it fails, the thing stays due.
 * @param dueField holds the epoch milliseconds from which it is due; null if nothing is.
 */
export async function putOff<S extends z.ZodObject>(
  { store, now }: PutOffDeps,
  ref: Ref<S>,
  dueField: string,
): Promise<void> {
  const fields = { [dueField]: now() + putOffMs } as Partial<z.input<S>>;
  try {
    // An unreadable document is moved as well; no other process can change it meanwhile.
    const found = await store.get(ref).catch(() => null);
    if (found && !isDue(found.value, dueField, now())) return;
    const condition = found?.version ? { version: found.version } : { mustExist: true as const };
    await store.commit([patch(ref, fields, condition)]);
  } catch {
    // Another process has changed it, or the database isn't available.
  }
}

function isDue(value: object | null, dueField: string, now: number): boolean {
  const dueAt: unknown = value && Reflect.get(value, dueField);
  return typeof dueAt === "number" && dueAt <= now;
}
