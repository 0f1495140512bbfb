import type * as z from "zod";
import { logFailure } from "#shared/pipeline/request-log";
import type { Deps } from "#shared/pipeline/route";
import { patch, type Ref } from "#shared/store/documents";

/** About as long as it takes a sweep to come by again. */
const putOffMs = 15_000;

interface PutOffDeps {
  readonly store: Pick<Deps["store"], "get" | "commit">;
  now(): number;
}

/**
 * Puts what failed behind everything else that is due: things that fail each time must neither fill
 * the page of every call nor stand at its head, or nothing else would ever be looked after. It
 * changes nothing that somebody else has looked after meanwhile, and never throws: what couldn't be
 * put off is due as before.
 * @param dueField holds the epoch milliseconds from which it is due; null when nothing is.
 */
async function putOff<S extends z.ZodObject>(
  { store, now }: PutOffDeps,
  ref: Ref<S>,
  dueField: string,
): Promise<void> {
  const fields = { [dueField]: now() + putOffMs } as Partial<z.input<S>>;
  try {
    // One that can't be read is put off as well: nobody can change it meanwhile.
    const found = await store.get(ref).catch(() => null);
    if (found && !isDue(found.value, dueField, now())) return;
    const condition = found?.version ? { version: found.version } : { mustExist: true as const };
    await store.commit([patch(ref, fields, condition)]);
  } catch {
    // Somebody else has changed it, or the database is away.
  }
}

/** What a sweep looks after, and how its failure is put on the log. */
interface DueThing<S extends z.ZodObject> {
  readonly ref: Ref<S>;
  readonly dueField: string;
  readonly failure: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** Looks after one thing that is due; when that fails it is logged, put off, and `failed`. */
export async function lookAfter<S extends z.ZodObject, T>(
  deps: PutOffDeps,
  { ref, dueField, failure, facts }: DueThing<S>,
  act: () => Promise<T>,
): Promise<T | "failed"> {
  try {
    return await act();
  } catch (cause) {
    logFailure(failure, cause, facts);
    await putOff(deps, ref, dueField);
    return "failed";
  }
}

function isDue(value: object | null, dueField: string, now: number): boolean {
  const dueAt: unknown = value && Reflect.get(value, dueField);
  return typeof dueAt === "number" && dueAt <= now;
}
