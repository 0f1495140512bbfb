/**
 * The execute gate alone, without the cost of HTTP, the key, sealing, the stream and the job: it
 * reads what a start decides on, decides, and commits every document through the coordinator. It
 * waits for a line on stdin before it begins, so that several can begin together.
 */
import { once } from "node:events";
import { deploymentLimits } from "#shared/config";
import { MessageCreate } from "#shared/contract/message-create";
import { ticketRandomBytes } from "#shared/core/executions/ticket";
import { startExecution } from "#shared/executions/start-execution";
import { newOwner } from "#shared/owners/act-on-owner";
import { realDeps } from "#shared/pipeline/deps";
import { auditEntry } from "#shared/store/audit-rows";
import { readForStart } from "../../functions/threads/read-for-start.ts";

interface Starts {
  readonly ownerId: string;
  readonly threadIds: readonly string[];
}

export interface GateCrowd extends Starts {
  readonly keyId: string;
  readonly callers: number;
  /** Another owner's starts before the measurement, because production processes are warm. */
  readonly before: Starts;
}

const crowd: GateCrowd = JSON.parse(process.argv[2] ?? "");
const { store, commits, now, newId, random } = realDeps();
const deps = { store, commits, now, newId, random };
const key = {
  id: crowd.keyId,
  lineageId: null,
  executionCostMaxMicrousd: null,
  dayCostMaxMicrousd: null,
};
const body = MessageCreate.parse({ content: "true" });

async function start(ownerId: string, threadId: string): Promise<void> {
  const owner = newOwner(ownerId, "development");
  const executionId = newId("execution");
  const [messageId, rowId] = [newId("message"), newId("auditRow")];
  const ticketSecret = random(ticketRandomBytes).toString("hex");
  const which = { threadId, executionId, mayExist: false, body };
  commits.prefetchAccount(owner);
  const read = async () => await readForStart(deps, owner, which);
  let data = await read();
  const at = now();
  await commits.submit({
    owner,
    needsAccount: true,
    refresh: async () => {
      data = await read();
    },
    decide: (account) => {
      if (!account) throw new Error("an owner without an account");
      const basis = { ...data, executionId, requestSha256: "", ticketSecret };
      const started = startExecution(
        { owner, key, messageId, limits: deploymentLimits(), now: at },
        { body, data: basis, account },
      );
      const row = auditEntry(owner, {
        id: rowId,
        at,
        actor: { type: "key", id: key.id },
        action: "execution.started",
        subject: executionId,
        requestId: "",
        facts: { heldMicrousd: started.execution.holdMicrousd },
        sealedDetails: null,
      });
      return { writes: [...started.writes, row], account: started.account };
    },
  });
}

async function startAll({ ownerId, threadIds }: Starts): Promise<readonly number[]> {
  const latenciesMs: number[] = [];
  const left = threadIds.values();
  const keepStarting = async () => {
    for (const threadId of left) {
      const sentAt = performance.now();
      await start(ownerId, threadId);
      latenciesMs.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: crowd.callers }, keepStarting));
  return latenciesMs;
}

async function run(): Promise<void> {
  await startAll(crowd.before);
  console.log("ready");
  await once(process.stdin, "data");
  console.log(JSON.stringify(await startAll(crowd)));
  process.exit(0);
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
