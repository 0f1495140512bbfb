/** Threads in which nothing was said, without the requests and commits that make them. */
import { nanoid } from "nanoid";
import { toJsonText } from "#shared/contract/common";
import { idOf } from "#shared/core/ids";
import { newThread } from "#shared/executions/new-thread";
import { newEnvironment, type TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

const perCommit = 400;

/** @returns Their ids, the oldest first. */
export async function plantThreads({ id, key }: TestOwner, count: number): Promise<string[]> {
  const environmentId = await newEnvironment(key);
  const ids = Array.from({ length: count }, () => idOf("thread", nanoid()));
  const beganAt = Date.now() - count;
  for (let first = 0; first < count; first += perCommit) {
    const batch = firestore().batch();
    for (const [index, threadId] of ids.slice(first, first + perCommit).entries()) {
      const fields = { agentId: null, projectId: null, appId: null, title: null };
      const chosen = { id: threadId, environmentId, ...fields, metadataJson: toJsonText(null) };
      const thread = newThread(chosen, beganAt + first + index);
      batch.create(firestore().doc(`owners/${id}/threads/${threadId}`), thread);
    }
    await batch.commit();
  }
  return ids;
}
