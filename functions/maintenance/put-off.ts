import type * as z from "zod";
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
export async function putOff<S extends z.ZodObject>(
  { store, now }: PutOffDeps,
  ref: Ref<S>,
  { dueField }: { readonly dueField: string },
): Promise<void> {
  const fields = { [dueField]: now() + putOffMs } as Partial<z.input<S>>;
  try {
    const version = await readVersion(store, ref, { dueField, now: now() });
    if (version === "gone") return;
    await store.commit([patch(ref, fields, version ? { version } : { mustExist: true })]);
  } catch {
    // Somebody else has changed it, or the database is away.
  }
}

/** `gone` if it isn't due any more; undefined for one that can't be read, which nobody changes. */
async function readVersion<S extends z.ZodObject>(
  store: PutOffDeps["store"],
  ref: Ref<S>,
  { dueField, now }: { readonly dueField: string; readonly now: number },
) {
  const found = await store.get(ref).catch(() => undefined);
  if (!found) return;
  const dueAt: unknown = found.value && Reflect.get(found.value, dueField);
  return typeof dueAt === "number" && dueAt <= now ? (found.version ?? "gone") : "gone";
}
