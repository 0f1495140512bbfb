import type { MessageCreate } from "#shared/contract/message-create";
import { messageServersKey, sealForMessage } from "#shared/environments/seal-secret";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import type { Owner } from "#shared/identity/owner";
import { agents } from "#shared/store/agents";
import type { Ref, Snapshot } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { deletedExecutions, type Execution, executions } from "#shared/store/executions";
import { type FoundDocument, requireFound } from "#shared/store/read-document";
import type { ReadStore } from "#shared/store/store";
import { threads } from "#shared/store/threads";
import { rememberThread, type ThreadHint, threadHint } from "./thread-hints.ts";

export interface StartRead {
  readonly thread: FoundDocument<typeof threads.schema>;
  /** The thread's current execution; if its runner fell silent, it must be ended first. */
  readonly running: Snapshot<typeof executions.schema> | null;
  readonly environment: FoundDocument<typeof environments.schema>;
  readonly agent: FoundDocument<typeof agents.schema> | null;
  /** The execution that an earlier request with the same Idempotency-Key created. */
  readonly earlier: Execution | null;
  /** Whether that execution was deleted; its id must not be used again. */
  readonly wasDeleted: boolean;
  readonly sealedSecrets: Execution["sealedSecrets"];
}

/** They are stored in the execution, sealed. */
const serversBytesMax = 64 * 1024;

export interface StartWhich {
  readonly threadId: string;
  readonly executionId: string;
  readonly mayExist: boolean;
  readonly body: MessageCreate;
}

/**
 * Reads all that a start depends on: in one call if the thread's environment is known, else two.
 */
export async function readForStart(
  deps: { readonly store: ReadStore },
  owner: Owner,
  which: StartWhich,
): Promise<StartRead> {
  const { threadId, executionId, mayExist } = which;
  const threadRef = threads.of(owner, threadId);
  const earlierRef = executions.of(owner, executionId);
  const deletedRef = deletedExecutions.of(owner, executionId);
  const hint = threadHint(owner, threadId) ?? (await hintFromThread(deps, owner, threadId));
  const { store } = deps;
  const environmentRef = environments.of(owner, hint.environmentId);
  const more: Ref[] = [];
  if (hint.agentId !== null) more.push(agents.of(owner, hint.agentId));
  if (mayExist) more.push(earlierRef, deletedRef);
  const [thread, environment, ...rest] = await store.getAll(threadRef, environmentRef, ...more);
  const foundThread = requireFound(thread);
  if (foundThread.value.agentId !== hint.agentId) {
    // Another instance has given the thread another agent.
    rememberThread(owner, foundThread.value);
    return await readForStart(deps, owner, which);
  }
  const running = foundThread.value.executionId;
  const foundEnvironment = requireEnvironment(environment);
  const storedAt = <S extends typeof agents.schema | typeof executions.schema>(ref: Ref<S>) =>
    rest.find((snapshot) => snapshot.ref.path === ref.path) as Snapshot<S> | undefined;
  return {
    thread: foundThread,
    running: running === null ? null : await store.get(executions.of(owner, running)),
    environment: foundEnvironment,
    agent: hint.agentId === null ? null : requireAgent(storedAt(agents.of(owner, hint.agentId))),
    wasDeleted: rest.some(({ ref, value }) => ref.path === deletedRef.path && value !== null),
    earlier: mayExist ? (storedAt(earlierRef)?.value ?? null) : null,
    sealedSecrets: await sealAll(owner, foundEnvironment.value, which),
  };
}

async function hintFromThread(
  deps: { readonly store: ReadStore },
  owner: Owner,
  threadId: string,
): Promise<ThreadHint> {
  const { value } = await deps.store.require(threads.of(owner, threadId));
  rememberThread(owner, value);
  return value;
}

/** The key may see the thread, so the missing environment was deleted. */
function requireEnvironment(
  environment: Snapshot<typeof environments.schema>,
): FoundDocument<typeof environments.schema> {
  if (environment.version) return environment;
  const message = "The thread's environment was deleted; begin a thread on another one.";
  throw new ApiError("NOT_FOUND", { message });
}

function requireAgent(
  agent: Snapshot<typeof agents.schema> | undefined,
): FoundDocument<typeof agents.schema> {
  if (agent?.version) return agent;
  throw new ApiError("NOT_FOUND", { message: "The thread's agent doesn't exist any more." });
}

async function sealAll(
  owner: Owner,
  environment: { readonly id: string; readonly sealingPublicKey: string },
  { executionId, body }: StartWhich,
): Promise<Execution["sealedSecrets"]> {
  const { secrets, mcpServers } = body;
  const servers = { key: messageServersKey, value: JSON.stringify(mcpServers) };
  if (Buffer.byteLength(servers.value) > serversBytesMax) {
    const message = "mcpServers of a message must have at most 64 KiB in all.";
    throw new ApiError("VALIDATION_FAILED", { message });
  }
  const all = mcpServers.length > 0 ? [...secrets, servers] : secrets;
  const sealing = all.map(({ key, value }) =>
    sealForMessage(owner, environment, { executionId, key, value }),
  );
  return await allInOrder(sealing);
}
