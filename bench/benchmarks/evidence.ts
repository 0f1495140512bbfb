import { setTimeout as wait } from "node:timers/promises";
import type { Firestore } from "@google-cloud/firestore";
import { openFirestore } from "../../local/firestore/admin-client.ts";
import type { Bench, Figure } from "../figure.ts";
import { type BenchOwner, newOwner, newThread } from "../owners.ts";
import { percentile, timed } from "../statistics.ts";
import { sendScript } from "../stream-client.ts";

const rounds = { short: 3, full: 60 };
/** The sequencer is called every minute. */
const checkpointMsMax = 180_000;
const script = "for n in 1 2 3 4 5; do echo line $n > file-$n.txt; done";

/** Evidence of a usual execution, next to a client that reads the same documents and signs none. */
export const evidence: Figure = {
  name: "evidence",
  title: "GET /v1/executions/{id}/evidence through the edge, one caller",
  async run(bench) {
    const owner = await newOwner(bench);
    const threadId = await newThread(bench, owner.key);
    const { status } = await sendScript(bench, { key: owner.key, threadId }, script);
    if (status !== "success") throw new Error(`an execution ended as ${status}`);
    const database = openFirestore(bench.environment);
    try {
      const found = await database.collection(`owners/${owner.id}/executions`).limit(1).get();
      const id = found.docs[0]?.id ?? "";
      await untilProven(bench, owner, id);
      const [ours, bare]: [number[], number[]] = [[], []];
      // The first round loads clients, which a process does once.
      for (let round = 0; round <= rounds[bench.effort]; round += 1) {
        const taken = await timed(async () => await askEvidence(bench, owner, id));
        const alone = await timed(async () => await readDocuments(database, owner, id));
        if (round === 0) continue;
        ours.push(taken);
        bare.push(alone);
      }
      const baseline = (share: number) => ({
        what: "the same documents, read alone",
        value: percentile(bare, share),
      });
      return [
        {
          what: "p50",
          unit: "ms",
          value: percentile(ours, 0.5),
          baseline: baseline(0.5),
          goal: { of: "value", atMost: 300 },
        },
        { what: "p99", unit: "ms", value: percentile(ours, 0.99), baseline: baseline(0.99) },
      ];
    } finally {
      await database.terminate();
    }
  },
};

async function askEvidence({ baseUrl }: Bench, { key }: BenchOwner, id: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${baseUrl}/v1/executions/${id}/evidence`, { headers });
  const text = await answer.text();
  if (answer.status !== 200 && answer.status !== 409) {
    throw new Error(`evidence was answered ${answer.status}: ${text}`);
  }
  return answer.status;
}

async function untilProven(bench: Bench, owner: BenchOwner, id: string): Promise<void> {
  const beganAt = performance.now();
  while ((await askEvidence(bench, owner, id)) !== 200) {
    if (performance.now() - beganAt > checkpointMsMax) throw new Error("no checkpoint has it");
    await wait(500);
  }
}

/** What evidence is made from, with no more steps than the order of the reads demands. */
async function readDocuments(database: Firestore, { id: ownerId }: BenchOwner, id: string) {
  const own = database.doc(`owners/${ownerId}`);
  const execution = own.collection("executions").doc(id);
  const rows = own.collection("audit");
  await Promise.all([execution.get(), rows.where("subject", "==", id).get()]);
  await Promise.all([
    execution.collection("events").get(),
    execution.collection("egress").get(),
    own.collection("ledger").where("executionId", "==", id).get(),
    own.collection("auditTrees").doc("head").get(),
    database.collection("auditMaps").doc("heads").get(),
    database.collection("auditLogs").get(),
  ]);
  await Promise.all([
    database.collection("auditEpochs").orderBy("number", "desc").limit(1).get(),
    database.collection("auditBuckets").limit(1).get(),
    rows.orderBy("sequence").select("leafHash").get(),
  ]);
}
