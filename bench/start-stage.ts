/**
 * The set-up for measuring starts: processes of `threads`, a job service that runs nothing, crowds.
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Firestore } from "@google-cloud/firestore";
import { nanoid } from "nanoid";
import * as z from "zod";
import { idOf } from "#shared/core/ids";
import { Account, spendableMicrousd } from "#shared/core/money/account";
import { accounts, audiences, projectId, region } from "../local/cloud/names.ts";
import { runnerJobs } from "../local/cloud/runner-jobs.ts";
import { openFirestore } from "../local/firestore/admin-client.ts";
import { startRun } from "../local/run/server.ts";
import type { Bench } from "./figure.ts";
import { type FunctionChild, startFunction } from "./function-child.ts";
import { type GateRun, runGates } from "./gate-crowd.ts";
import { type BenchOwner, newOwner, newThread } from "./owners.ts";
import { type StartSample, sampleStart } from "./start-sample.ts";

const Loaded = z.object({
  perSecond: z.number(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  statuses: z.record(z.string(), z.int()),
});

export interface Started extends GateRun {
  /** Money that was promised beyond the balance. */
  readonly overspentMicrousd: number;
}

export interface CrowdOf {
  readonly starts: number;
  readonly callers: number;
  /** None for the baseline's own process. */
  readonly processes: number;
  /** Through the functions' front door, or only through what decides and commits. */
  readonly through: "door" | "gate";
}

export interface Stage {
  play(crowd: CrowdOf): Promise<Started>;
  close(): Promise<void>;
}

const generator = join(import.meta.dirname, "start-generator.ts");
const generatorMsMax = 120_000;
const plenty = 1_000_000;
const batchMax = 400;
const plentyMicrousd = 1_000_000_000;
/** Starts that warm a process up; its code is compiled after them. */
const warmUpStarts = 100;

/** Everything of one measurement, closed in one place. */
interface Props {
  readonly bench: Bench;
  readonly database: Firestore;
  readonly ports: readonly number[];
  readonly plainPort: number;
  readonly sampleFile: string;
  readonly holdMicrousd: number;
}

export async function openStage(bench: Bench, processes: number): Promise<Stage> {
  const database = openFirestore(bench.environment);
  const run = await startIdleRun(bench);
  const environment = { ...bench.environment, PADDOCK_RUN_ENDPOINT: `127.0.0.1:${run.port}` };
  const children: FunctionChild[] = [];
  const close = async () => {
    await Promise.all(children.map((child) => child.stop()));
    await run.close();
    await database.terminate();
  };
  try {
    const threads = { bundle: join(bench.distFolder, "functions/threads.cjs"), environment };
    const first = { path: "/", status: 404 };
    for (let started = 0; started < processes; started += 1) {
      children.push(await startFunction({ ...threads, first }));
    }
    const ports = children.map(({ port }) => port);
    const sample = await takeSample(bench, database, ports);
    const file = join(bench.bareFolder, "start-sample.json");
    await writeFile(file, JSON.stringify(sample.documents));
    const plain = await startFunction({
      bundle: join(bench.bareFolder, "plain-start.cjs"),
      environment: { ...environment, BENCH_SAMPLE: file },
      first: { path: "/", status: 200 },
    });
    children.push(plain);
    const { holdMicrousd } = sample;
    const plainPort = plain.port;
    const props = { bench, database, ports, plainPort, sampleFile: file, holdMicrousd };
    return { play: (crowd) => play(props, crowd), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The real local job service; its containers have nothing to do and end at once. */
async function startIdleRun({ bareFolder, distFolder }: Bench) {
  const over = Promise.resolve({ exitCode: 0, termSignal: 0, timedOut: false });
  const idle = { run: () => ({ stop: () => {}, ended: over }), close: async () => {} };
  const { runner: account } = accounts;
  return await startRun({
    projectId,
    region,
    dataFolder: join(bareFolder, "run"),
    cloudId: "bench",
    metadataHost: "",
    jobs: runnerJobs({
      distFolder,
      gatewayUrl: "",
      modelGatewayUrl: "",
      gatewayAudience: audiences.gateway,
      account,
    }),
    limits: { runCallsPerMinuteMax: plenty, runningExecutionsMax: plenty },
    containers: () => idle,
  });
}

async function takeSample(bench: Bench, database: Firestore, ports: readonly number[]) {
  const owner = await newOwner(bench);
  const threadIds = [await newThread(bench, owner.key)];
  await generate({ ports, callers: 1, key: owner.key, ownerId: owner.id, threadIds });
  const documents: StartSample = await sampleStart(database, owner.id);
  await forget(database, owner);
  return { documents, holdMicrousd: documents.hold.amountMicrousd };
}

async function play(props: Props, crowd: CrowdOf): Promise<Started> {
  const { bench, database, holdMicrousd } = props;
  const owner = await newOwner(bench);
  const threadIds = await newThreads(props, owner, crowd.starts);
  const account = database.doc(accountOf(owner.id));
  // Exactly enough for all of them, so that one more would be refused.
  await account.update({ balanceMicrousd: crowd.starts * holdMicrousd });
  const run =
    crowd.through === "gate"
      ? await playGate(props, { crowd, ownerId: owner.id, threadIds })
      : await playDoor(props, { crowd, owner, threadIds });
  const after = Account.parse((await account.get()).data());
  const heldCount = Object.keys(after.holds).length;
  if (heldCount !== crowd.starts) throw new Error(`${heldCount} holds for ${crowd.starts} starts`);
  await forget(database, owner);
  return { ...run, overspentMicrousd: Math.max(0, 0 - spendableMicrousd(after)) };
}

async function playDoor(
  { ports, plainPort }: Props,
  options: {
    readonly crowd: CrowdOf;
    readonly owner: BenchOwner;
    readonly threadIds: readonly string[];
  },
): Promise<GateRun> {
  const { processes, callers } = options.crowd;
  const { id: ownerId, key } = options.owner;
  const chosen = processes === 0 ? [plainPort] : ports.slice(0, processes);
  return await generate({ ports: chosen, callers, key, ownerId, threadIds: options.threadIds });
}

async function playGate(
  props: Props,
  options: {
    readonly crowd: CrowdOf;
    readonly ownerId: string;
    readonly threadIds: readonly string[];
  },
): Promise<GateRun> {
  const { processes, callers } = options.crowd;
  const { bench, database, sampleFile } = props;
  const count = Math.max(1, processes);
  const before = await newOwner(bench);
  await database.doc(accountOf(before.id)).update({ balanceMicrousd: plentyMicrousd });
  const threadsBefore = await newThreads(props, before, warmUpStarts * count);
  const shareOf = (ids: readonly string[], share: number) =>
    ids.filter((_id, position) => position % count === share);
  const crowds = Array.from({ length: count }, (_, share) => ({
    ownerId: options.ownerId,
    keyId: idOf("apiKey", nanoid()),
    callers: callers / count,
    threadIds: shareOf(options.threadIds, share),
    before: { ownerId: before.id, threadIds: shareOf(threadsBefore, share) },
  }));
  const run = await runGates(bench, processes === 0 ? { sampleFile } : "gate", crowds);
  await forget(database, before);
  return run;
}

function accountOf(ownerId: string): string {
  return `owners/${ownerId}/account/budget`;
}

async function generate(crowd: {
  readonly ports: readonly number[];
  readonly callers: number;
  readonly key: string;
  readonly threadIds: readonly string[];
  readonly ownerId: string;
}) {
  const args = [generator, JSON.stringify(crowd)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: generatorMsMax });
  const { statuses, ...run } = Loaded.parse(JSON.parse(stdout));
  if (Object.keys(statuses).join() !== "200") throw new Error(JSON.stringify(statuses));
  return run;
}

/** Makes the first one through the front door, and copies it for the others. */
async function newThreads({ bench, database }: Props, owner: BenchOwner, count: number) {
  const threads = database.collection(`owners/${owner.id}/threads`);
  const first = await newThread(bench, owner.key);
  const fields = (await threads.doc(first).get()).data();
  const ids = Array.from({ length: count }, () => idOf("thread", nanoid()));
  for (let from = 0; from < count; from += batchMax) {
    const batch = database.batch();
    for (const id of ids.slice(from, from + batchMax))
      batch.set(threads.doc(id), { ...fields, id });
    await batch.commit();
  }
  return ids;
}

/** Prevents the cloud's sweeps from finding executions that nothing will run. */
async function forget(database: Firestore, owner: BenchOwner): Promise<void> {
  await database.recursiveDelete(database.collection(`owners/${owner.id}/executions`));
}
