import * as z from "zod";
import type { Owner } from "../identity/owner.ts";
import type { Execution } from "../store/executions.ts";
import type { ReadStore } from "../store/store.ts";
import { threads } from "../store/threads.ts";

/** Executions whose threads are looked for in one call. */
const chunkLength = 50;
const Existing = z.object({ id: z.string() });

/**
 * Leaves out executions whose thread was deleted and that are only still to be erased, as all
 * routes do; see `requireShown`.
 */
export async function* shownExecutions(
  store: Pick<ReadStore, "getParts">,
  owner: Owner,
  all: AsyncIterable<Execution>,
): AsyncGenerator<Execution> {
  let chunk: Execution[] = [];
  for await (const execution of all) {
    chunk.push(execution);
    if (chunk.length < chunkLength) continue;
    yield* await shownOf(store, owner, chunk);
    chunk = [];
  }
  yield* await shownOf(store, owner, chunk);
}

async function shownOf(
  store: Pick<ReadStore, "getParts">,
  owner: Owner,
  chunk: readonly Execution[],
): Promise<readonly Execution[]> {
  const ids = [...new Set(chunk.map(({ threadId }) => threadId))];
  const refs = ids.map((id) => threads.of(owner, id));
  const found = await store.getParts(Existing, refs);
  const existing = new Set(found.map((thread) => thread?.id));
  return chunk.filter(({ threadId }) => existing.has(threadId));
}
