import type * as z from "zod";
import { create, type Ref } from "../store/documents.ts";
import { type FoundDocument, requireFound } from "../store/read-document.ts";
import { isConflict } from "../store/with-deadline.ts";
import type { SequencerDeps } from "./sequencer-deps.ts";

/** The document, which is made if there is none. Of several instances, one makes it. */
export async function loadOrCreate<S extends z.ZodType<object>>(
  { store }: Pick<SequencerDeps, "store">,
  ref: Ref<S>,
  make: () => z.input<S>,
): Promise<FoundDocument<S>> {
  const found = await store.get(ref);
  if (found.version) return found;
  try {
    await store.commitWithoutRetry([create(ref, make())]);
  } catch (cause) {
    // Another instance has made it.
    if (!isConflict(cause)) throw cause;
  }
  return requireFound(await store.get(ref));
}
