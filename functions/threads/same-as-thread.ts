import type { MessageCreate } from "#shared/contract/message-create";
import { existing } from "#shared/environments/body-ids";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { agents } from "#shared/store/agents";
import { environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";
import type { Thread } from "#shared/store/threads";

/**
 * A message runs in its thread's environment and with its thread's agent, so it may name these and
 * no others. @throws {ApiError} 404 for what isn't the owner's, 400 for what isn't the thread's.
 */
export async function requireSameAsThread(
  store: ReadStore,
  owner: Owner,
  { thread, body }: { readonly thread: Thread; readonly body: MessageCreate },
): Promise<void> {
  const isOther = (named: string | null | undefined, own: string | null) =>
    named !== null && named !== undefined && named !== own;
  if (isOther(body.agentId, thread.agentId)) {
    await existing("agent", body.agentId, (id) => store.get(agents.of(owner, id)));
    throw refusal("agentId", "isn't the thread's agent: give the thread another one with PATCH");
  }
  if (isOther(body.environmentId, thread.environmentId)) {
    const environmentId = body.environmentId;
    await existing("environment", environmentId, (id) => store.get(environments.of(owner, id)));
    throw refusal("environmentId", "isn't the thread's environment: begin a thread in that one");
  }
}

function refusal(field: "agentId" | "environmentId", message: string): ApiError {
  return new ApiError("VALIDATION_FAILED", { details: [{ field, message }] });
}
