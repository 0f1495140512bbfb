import { send } from "./client.ts";
import { until } from "./cloud.ts";
import type { TestOwner } from "./owners.ts";
import { firestore } from "./store.ts";

export interface StartedExecution {
  readonly executionId: string;
  /** Resolves when the client's stream is over, however it ended. */
  readonly over: Promise<void>;
}

/** Sends a message and resolves as soon as its execution is committed. */
export async function startExecution(
  owner: TestOwner,
  threadId: string,
  content: string,
  more: object = {},
): Promise<StartedExecution> {
  const body = { content, ...more };
  const over = send(`/v1/threads/${threadId}/messages`, { key: owner.key, body }).then(
    () => undefined,
    () => undefined,
  );
  const thread = firestore().doc(`owners/${owner.id}/threads/${threadId}`);
  const executionId = await until("the commit of the start", async () => {
    const found = (await thread.get()).get("executionId");
    return typeof found === "string" ? found : null;
  });
  return { executionId, over };
}

/** Resolves when the execution's first event is stored, just before its command runs. */
export async function untilRunning(owner: TestOwner, executionId: string): Promise<void> {
  const events = firestore().collection(`owners/${owner.id}/executions/${executionId}/events`);
  await until("the first event", async () => (await events.limit(1).get()).size > 0);
}
