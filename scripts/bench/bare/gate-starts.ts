/**
 * The execute gate alone, without what HTTP, the key, sealing, the stream and the job cost: reads
 * what a start decides on, decides, and commits through the coordinator, every document of it.
 * Waits for a line on its standard input before it begins, so that several can begin together.
 */
import { once } from "node:events";
import { auditEntry } from "#shared/audit/audit-entry";
import { newOwner } from "#shared/auth/act-on-owner";
import { deploymentLimits } from "#shared/config";
import { MessageCreate } from "#shared/contract/message-create";
import { ticketRandomBytes } from "#shared/core/ticket";
import { realDeps } from "#shared/pipeline/deps";
import { readForStart } from "../../../functions/threads/read-for-start.ts";
import { startExecution } from "../../../functions/threads/start-execution.ts";

export interface GateCrowd {
  readonly ownerId: string;
  readonly keyId: string;
  readonly callers: number;
  readonly threadIds: readonly string[];
}

const crowd: GateCrowd = JSON.parse(process.argv[2] ?? "");
const { store, commits, now, newId, random } = realDeps();
const deps = { store, commits, now, newId, random };
const owner = newOwner(crowd.ownerId, "development");
const key = { id: crowd.keyId, executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
const body = MessageCreate.parse({ content: "true" });

async function start(threadId: string): Promise<void> {
  const executionId = newId("execution");
  const [messageId, rowId] = [newId("message"), newId("auditRow")];
  const ticketSecret = random(ticketRandomBytes).toString("hex");
  const which = { threadId, executionId, mayExist: false, body };
  commits.warm(owner);
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

const latenciesMs: number[] = [];
const left = crowd.threadIds.values();

async function keepStarting(): Promise<void> {
  for (const threadId of left) {
    const sentAt = performance.now();
    await start(threadId);
    latenciesMs.push(performance.now() - sentAt);
  }
}

async function run(): Promise<void> {
  // Whatever is loaded when first used is loaded by now, and the connection is open.
  await store.exists(`owners/${owner.id}`);
  console.log("ready");
  await once(process.stdin, "data");
  await Promise.all(Array.from({ length: crowd.callers }, keepStarting));
  console.log(JSON.stringify(latenciesMs));
  process.exit(0);
}

run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
