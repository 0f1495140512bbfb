/**
 * A process is killed at every step of the flow; each step is a call that is held at that point.
 */
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Execution } from "#shared/store/executions";
import { expectSettled } from "../kit/assert-settled.ts";
import { multipart, send } from "../kit/client.ts";
import {
  killCloud,
  killFunction,
  orderFault,
  orderRunFault,
  releaseHeld,
  startCloudAgain,
  until,
  untilHeld,
} from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, type TestOwner } from "../kit/owners.ts";
import { killPart, type RunnerPart } from "../kit/processes.ts";
import { sharedOut } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";
import { firestore } from "../kit/store.ts";

interface Running {
  readonly owner: TestOwner;
  readonly executionId: string;
  readonly environmentId: string;
}
interface Step {
  /** Called before the message is sent. */
  readonly prepare: () => Promise<void>;
  readonly reached: (running: Running) => Promise<void>;
}

const pass = { kind: "delay", delayMs: 0 } as const;
const unavailable = 14;

const holders = ["threads", "runner-gateway", "maintenance", "storage"];

/** Holds the `nth` call of a method from now on. */
async function holdCall(target: string, method: string, when: "before" | "after", nth = 1) {
  await orderFault(target, { method, fault: pass, calls: nth - 1 });
  await orderFault(target, { method, fault: { kind: `hold-${when}` }, calls: 1 });
}

function held(target: string, method: string, when: "before" | "after", nth = 1): Step {
  return {
    prepare: async () => await holdCall(target, method, when, nth),
    reached: async () => await untilHeld(target),
  };
}

/**
 * The settlement reads a workspace that changed meanwhile; otherwise it would know both manifests.
 * From there on the gateway commits twice: the size of the merged manifest, and the settlement.
 */
const reading: Step = {
  prepare: async () => await steps.saving.prepare(),
  reached: async ({ owner, environmentId }) => {
    await untilHeld("storage");
    await uploadFile(owner, environmentId, { name: "other.txt", bytes: "other\n" });
    await holdCall("storage", "download", "before");
    await releaseHeld("storage");
    await untilHeld("storage");
  },
};

function settling(when: "before" | "after"): Step {
  return {
    prepare: reading.prepare,
    reached: async (running) => {
      await reading.reached(running);
      await holdCall("runner-gateway", "Commit", when, 2);
      await releaseHeld("storage");
      if (when === "before") await untilHeld("runner-gateway");
      else await untilHeldAfter(running, ({ endedAt }) => endedAt !== null);
    },
  };
}

/**
 * Waits until the gateway's commit that is held has changed the execution. One that conflicts with
 * another process, such as the writing of the job's name, changes nothing and is tried again.
 */
async function untilHeldAfter(
  { owner, executionId }: Running,
  hasChanged: (execution: Execution) => boolean,
): Promise<void> {
  const place = firestore().doc(`owners/${owner.id}/executions/${executionId}`);
  await until("a commit that is held and has landed", async () => {
    await untilHeld("runner-gateway");
    if (hasChanged((await place.get()).data() as Execution)) return true;
    await holdCall("runner-gateway", "Commit", "after");
    await releaseHeld("runner-gateway");
    return false;
  });
}

async function uploadFile(
  { key }: TestOwner,
  environmentId: string,
  file: { readonly name: string; readonly bytes: string },
): Promise<void> {
  const path = `/v1/environments/${environmentId}/files/upload`;
  await send(path, { key, method: "POST", ...multipart(file) });
}

const steps = {
  committed: {
    // Refused as unavailable, so that only an outbox can dispatch it.
    prepare: async () => await orderRunFault({ kind: "refuse", code: unavailable }),
    reached: async () => undefined,
  },
  started: held("threads", "Commit", "before", 2),
  named: held("threads", "Commit", "after", 2),
  claiming: held("runner-gateway", "BatchGetDocuments", "before"),
  beforeClaim: held("runner-gateway", "Commit", "before"),
  afterClaim: {
    prepare: async () => await holdCall("runner-gateway", "Commit", "after"),
    reached: async (running: Running) =>
      await untilHeldAfter(running, ({ status }) => status === "running"),
  },
  fetching: held("storage", "download", "before"),
  running: {
    prepare: async () => undefined,
    reached: async ({ owner, executionId }: Running) => await untilRunning(owner, executionId),
  },
  uploading: held("storage", "upload", "before"),
  // The pack is uploaded first.
  saving: held("storage", "upload", "before", 2),
} satisfies Record<string, Step>;

/** The dispatch is refused, so that a sweep does it; the sweep's call is held. */
function sweeping(when: "before" | "after", nth = 1): Step {
  const { prepare, reached } = held("maintenance", "Commit", when, nth);
  return {
    prepare: async () => {
      await steps.committed.prepare();
      await prepare();
    },
    reached,
  };
}

type Victim = "threads" | "runner-gateway" | "maintenance" | RunnerPart | "cloud";
/**
 * `either`: it depends on timing whether a dead runner is noticed: by the gateway, which reads its
 * ticket in vain, or by a sweep, whose next attempt makes an older claim fail.
 */
type End = "success" | "lost" | "failed" | "either";
const endsOf: Readonly<Record<End, readonly (string | null)[]>> = {
  success: ["completed"],
  lost: ["lost"],
  failed: ["command_failed"],
  either: ["completed", "lost"],
};
type Row = readonly [victim: Victim, at: string, step: Step, end: End];

const beforeSettling = settling("before");
const afterSettling = settling("after");
const { committed, started, named, claiming, beforeClaim, afterClaim } = steps;
const { fetching, running, uploading, saving } = steps;

/** A request in progress is carried out if its runner dies, but not if its cloud does. */
function runnerRows(victim: "launcher" | "supervisor" | "cloud"): readonly Row[] {
  const ticketUnderWay = victim === "cloud" ? "success" : "either";
  const claimUnderWay = victim === "cloud" ? "success" : "either";
  const settlementUnderWay = victim === "cloud" ? "lost" : "success";
  return [
    [victim, "while its ticket is read", claiming, ticketUnderWay],
    [victim, "before the claim is committed", beforeClaim, claimUnderWay],
    [victim, "after the claim is committed, before the answer", afterClaim, "lost"],
    [victim, "while the workspace is fetched", fetching, "lost"],
    [victim, "while the command runs", running, "lost"],
    [victim, "while a pack is uploaded", uploading, "lost"],
    [victim, "while its manifest is uploaded", saving, "lost"],
    [victim, "while the settlement reads the workspace", reading, settlementUnderWay],
    [victim, "before the settlement is committed", beforeSettling, settlementUnderWay],
    [victim, "after the settlement is committed, before the answer", afterSettling, "success"],
  ];
}

const table: readonly Row[] = [
  ["threads", "after the commit, before the dispatch", committed, "success"],
  ["threads", "after RunJob, before the job's name is written", started, "success"],
  ["threads", "after the job's name is written", named, "success"],
  ["runner-gateway", "while the ticket is read", claiming, "success"],
  ["runner-gateway", "before the claim is committed", beforeClaim, "success"],
  ["runner-gateway", "after the claim is committed, before the answer", afterClaim, "success"],
  ["runner-gateway", "while the workspace is fetched", fetching, "success"],
  ["runner-gateway", "while the command runs", running, "success"],
  ["runner-gateway", "while a pack is uploaded", uploading, "success"],
  ["runner-gateway", "while the manifest is uploaded", saving, "success"],
  ["runner-gateway", "while the settlement reads the workspace", reading, "success"],
  ["runner-gateway", "before the settlement is committed", beforeSettling, "success"],
  ["runner-gateway", "after the settlement is committed", afterSettling, "success"],
  ...runnerRows("launcher"),
  ...runnerRows("supervisor"),
  ["init", "while the command runs", running, "failed"],
  ["maintenance", "before its attempt is committed", sweeping("before"), "success"],
  ["maintenance", "after its attempt, before RunJob", sweeping("after"), "success"],
  ["maintenance", "after RunJob, before the name is written", sweeping("before", 2), "success"],
  ["cloud", "after the commit, before the dispatch", committed, "success"],
  ["cloud", "after RunJob, before the job's name is written", started, "success"],
  ["cloud", "after the job's name is written", named, "success"],
  ...runnerRows("cloud"),
];

const rows = sharedOut(table, table.length);

async function kill(victim: Victim, { executionId }: Running): Promise<void> {
  if (victim === "cloud") return await killCloud();
  const parts = ["launcher", "supervisor", "init"] as const;
  const part = parts.find((name) => name === victim);
  if (part) await killPart(executionId, part);
  else await killFunction(victim);
}

/** Releases held calls that something still waits for. */
async function goOn(victim: Victim): Promise<void> {
  if (victim === "cloud") return await startCloudAgain();
  for (const of of holders) await orderFault(of, null);
}

let owner: TestOwner;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 50 });
});

afterEach(async () => {
  for (const of of holders) await orderFault(of, null);
  await orderRunFault(null);
});

describe("F13 killed", () => {
  test.each(rows)("%s %s", async (victim, _at, step, end) => {
    const environmentId = await newEnvironment(owner.key);
    const files = `/v1/environments/${environmentId}/files`;
    await uploadFile(owner, environmentId, { name: "in.txt", bytes: "kept\n" });
    const threadId = await newThread(owner.key, { environmentId });
    await step.prepare();
    // Content of its own, because known content isn't uploaded.
    const script = "cat in.txt; sleep 0.7; { cat in.txt; echo made; } >> out.txt";
    const { executionId, over } = await startExecution(owner, threadId, script);
    const begun = { owner, executionId, environmentId };
    await step.reached(begun);
    await kill(victim, begun);
    await goOn(victim);
    const execution = await expectSettled(owner, executionId);
    await over;
    expect(endsOf[end]).toContain(execution.reason);
    const isLost = execution.reason === "lost";
    const { chargedMicrousd, holdMicrousd } = execution;
    if (isLost) expect(chargedMicrousd).toBe(holdMicrousd);
    // On a slow machine the compute time may reach what was held, which is the most it can cost.
    else expect(chargedMicrousd).toBeLessThanOrEqual(holdMicrousd);
    const kept = await send(`${files}/in.txt`, { key: owner.key });
    expect(kept.text).toBe("kept\n");
    // A command that was cut off keeps what it had written.
    if (end === "failed") return;
    const made = await send(`${files}/out.txt`, { key: owner.key });
    expect(made.status === 200 ? made.text : made.status).toBe(isLost ? 404 : "kept\nmade\n");
  });
});
