import type * as z from "zod";
import type { Deps } from "#shared/pipeline/route";
import { patch, type Ref, type Version } from "#shared/store/documents";

/** Roughly the time until a sweep comes by again. */
const putOffMs = 15_000;

interface PutOffDeps {
  readonly store: Pick<Deps["store"], "get" | "commit">;
  now(): number;
}

/**
 * Puts what is due behind everything else that is: things that fail or take too long each time must
 * neither fill the page of every call nor stand at its head, or nothing else would ever be looked
 * after. It changes nothing that somebody else has looked after meanwhile, and never throws: what
 * couldn't be put off is due as before.
 * @param dueField holds the epoch milliseconds from which it is due; null when nothing is.
 * @returns when it was changed before, null if it can't be read, and its version now; null if it
 *   wasn't put off.
 */
export async function putOff<S extends z.ZodObject>(
  { store, now }: PutOffDeps,
  ref: Ref<S>,
  dueField: string,
): Promise<{ readonly changedAt: Version | null; readonly version: Version } | null> {
  const fields = { [dueField]: now() + putOffMs } as Partial<z.input<S>>;
  try {
    // An unreadable document is moved as well; no other process can change it meanwhile.
    const found = await store.get(ref).catch(() => null);
    if (found && !isDue(found.value, dueField, now())) return null;
    const condition = found?.version ? { version: found.version } : { mustExist: true as const };
    const version = await store.commit([patch(ref, fields, condition)]);
    return { changedAt: found?.version ?? null, version };
  } catch {
    // Somebody else has changed it, or the database is away.
    return null;
  }
}

function isDue(value: object | null, dueField: string, now: number): boolean {
  const dueAt: unknown = value && Reflect.get(value, dueField);
  return typeof dueAt === "number" && dueAt <= now;
}
