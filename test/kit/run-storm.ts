/** Runs, their steps, other messages, deletions, revocations and kills on one account at once. */
import { setTimeout as wait } from "node:timers/promises";
import { expect } from "vitest";
import { Account, heldMicrousd, spendableMicrousd } from "#shared/core/money/account";
import { runDifferences } from "#shared/core/money/run-hold";
import { type LedgerEntry, LedgerEntry as LedgerEntrySchema } from "#shared/store/owners";
import { type Answer, type Sent, send } from "./client.ts";
import { killFunction } from "./cloud.ts";
import type { FunctionAside } from "./function-aside.ts";
import { play } from "./instant-containers.ts";
import { attempt, type Crowd, eachMicrousd } from "./money.ts";
import { anotherKey, newEnvironment } from "./owners.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { auditOf, firestore } from "./store.ts";

export interface StormProcesses {
  readonly automation: readonly FunctionAside[];
  readonly threads: readonly FunctionAside[];
}

interface Stage {
  readonly crowd: Crowd;
  readonly doomedKey: { readonly id: string; readonly key: string };
  readonly doomedEnvironment: string;
  /** Orchestrations; the last one is in the environment that is deleted. */
  readonly ids: readonly string[];
  readonly processes: StormProcesses;
  readonly random: SeededRandom;
}

const step = (name: string, workMs: number, more: object = {}) => ({
  ...{ name, instructions: play({ workMs }), ...more },
});
/** One after another, side by side, and one whose steps are all skipped unless it is asked. */
const shapes = [
  { strategy: "sequential", steps: [step("a", 300), step("b", 100), step("c", 0)] },
  { strategy: "parallel", steps: [step("a", 600), step("b", 900), step("c", 200)] },
  { strategy: "conditional", steps: [step("a", 200, { condition: "inputs.go == true" })] },
  { strategy: "parallel", steps: [step("a", 900), step("b", 900, { dependsOn: ["a"] })] },
] as const;

/** Answers that a start may have in a storm; null if its process was killed. */
const expected = [200, 401, 402, 404, 409, 429, 503, null];

export class RunStorm {
  readonly #stage: Stage;
  readonly #threads: Iterator<string>;
  #runsStarted = 0;

  private constructor(stage: Stage) {
    this.#stage = stage;
    this.#threads = stage.crowd.threadIds.values();
  }

  static async prepare(stage: Pick<Stage, "crowd" | "processes" | "random">): Promise<RunStorm> {
    const { owner } = stage.crowd;
    const { key } = owner;
    const agent = await send("/v1/agents", { key, body: { name: "a", model: "shell" } });
    const power = { computeProfile: "power" };
    const kept = await newEnvironment(key, power);
    const doomedEnvironment = await newEnvironment(key, power);
    const { baseUrl } = stage.random.of(stage.processes.automation);
    const ids: string[] = [];
    for (const [index, { strategy, steps }] of shapes.entries()) {
      const isLast = index === shapes.length - 1;
      const body = {
        ...{ name: `storm ${index}`, strategy },
        environmentId: isLast ? doomedEnvironment : kept,
        steps: steps.map((one) => ({ ...one, agentId: agent.json.agent.id })),
      };
      const made = await send("/v1/orchestrations", { key, body, baseUrl });
      expect(made.status, made.text).toBe(201);
      ids.push(made.json.orchestration.id);
    }
    const another = await anotherKey(owner);
    const doomedKey = { id: another.keyId, key: another.key };
    return new RunStorm({ ...stage, doomedKey, doomedEnvironment, ids });
  }

  /** Runs whose start was answered. */
  get runsStarted(): number {
    return this.#runsStarted;
  }

  /** Does one thing at random, and says how it was answered. */
  async act(): Promise<number | null> {
    const throwOf20 = this.#stage.random.below(20);
    if (throwOf20 < 8) return await this.startRun();
    if (throwOf20 < 12) return await this.#readRuns();
    if (throwOf20 < 16) return await this.#startOther();
    if (throwOf20 < 18) return await this.#cancelSome();
    await this.#killOne();
    return null;
  }

  async #ask(path: string, sent: Sent = {}): Promise<Answer | null> {
    const { key } = this.#stage.crowd.owner;
    return await send(path, { key, ...sent }).catch(() => null);
  }

  /** Starts one of the orchestrations, and says how that was answered. */
  async startRun(): Promise<number | null> {
    const { random, ids, processes, doomedKey, crowd } = this.#stage;
    const maxCost = ((1 + random.below(6)) * eachMicrousd) / 1_000_000;
    const body = { inputs: { go: random.below(2) === 0 }, maxCost };
    const key = random.below(3) === 0 ? doomedKey.key : crowd.owner.key;
    const { baseUrl } = random.of(processes.automation);
    const answer = await this.#ask(`/v1/orchestrations/${random.of(ids)}/runs`, {
      ...{ key, body, baseUrl },
    });
    expect(expected, answer?.text).toContain(answer?.status ?? null);
    if (answer?.status === 200) this.#runsStarted += 1;
    return answer?.status ?? null;
  }

  /** Reading a run that is due moves it on, from another process. */
  async #readRuns(): Promise<number | null> {
    const { random, ids, processes } = this.#stage;
    const path = `/v1/orchestrations/${random.of(ids)}/runs`;
    const { baseUrl } = random.of(processes.automation);
    const runs = (await this.#ask(path, { baseUrl }))?.json?.data ?? [];
    const one = runs[random.below(Math.max(1, runs.length))];
    if (!one) return null;
    return (await this.#ask(`${path}/${one.id}`, { baseUrl }))?.status ?? null;
  }

  async #startOther(): Promise<number | null> {
    const { random, crowd, processes } = this.#stage;
    const { value: threadId = "" } = this.#threads.next();
    const content = play({ workMs: random.below(1_000) });
    const { baseUrl } = random.of(processes.threads);
    return (await attempt(baseUrl, { owner: crowd.owner, threadId, content })).status;
  }

  async #cancelSome(): Promise<number | null> {
    const listed = (await this.#ask("/v1/threads?limit=20"))?.json?.data ?? [];
    const id = listed[this.#stage.random.below(Math.max(1, listed.length))]?.id;
    if (id === undefined) return null;
    return (await this.#ask(`/v1/threads/${id}/cancel`, { method: "POST" }))?.status ?? null;
  }

  async #killOne(): Promise<void> {
    const { random, processes } = this.#stage;
    const throwOf6 = random.below(6);
    if (throwOf6 === 0) return await killFunction("runner-gateway");
    if (throwOf6 === 1) return await killFunction("maintenance");
    random.of(throwOf6 < 5 ? processes.automation : processes.threads).kill();
  }

  /** Ends a key, an environment and an orchestration, while runs of them go on. */
  async takeAway(): Promise<void> {
    const { ids, doomedKey, doomedEnvironment, processes } = this.#stage;
    const automation = { baseUrl: processes.automation[0]?.baseUrl ?? "" };
    await this.#insist(`/v1/keys/${doomedKey.id}`);
    await this.#insist(`/v1/environments/${doomedEnvironment}`);
    await this.#insist(`/v1/orchestrations/${ids[1]}`, automation);
  }

  async #insist(path: string, sent: Sent = {}): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const answer = await this.#ask(path, { ...sent, method: "DELETE" });
      if (answer && (answer.status < 300 || answer.status === 404)) return;
      await wait(100);
    }
    throw new Error(`${path} was never deleted`);
  }

  /** What each run did, by the trail, which outlives all that was deleted. */
  async expectWithinHolds(): Promise<{ readonly runs: number; readonly steps: number }> {
    const { owner } = this.#stage.crowd;
    const rows = await auditOf(owner.id);
    const charged = chargesByExecution(await ledgerOf(owner.id));
    const started = rows.filter(({ action }) => action === "orchestration.started");
    const steps = rows.filter(
      ({ action, facts }) => action === "execution.started" && "orchestrationRunId" in facts,
    );
    const ids = steps.map(({ subject }) => subject);
    expect(new Set(ids).size, "no step starts twice").toBe(ids.length);
    for (const { subject, facts } of started) {
      const own = steps.filter((row) => row.facts.orchestrationRunId === subject);
      expect(own.length, `${subject} has no more steps`).toBeLessThanOrEqual(
        Number(facts.executions),
      );
      const cost = own.reduce((sum, row) => sum + (charged.get(row.subject) ?? 0), 0);
      expect(cost, `${subject} spends what it held`).toBeLessThanOrEqual(
        Number(facts.heldMicrousd),
      );
      const ends = rows.filter(
        (row) => row.action === "orchestration.ended" && row.subject === subject,
      );
      expect(ends, `${subject} ends once`).toHaveLength(1);
    }
    return { runs: started.length, steps: steps.length };
  }
}

async function ledgerOf(ownerId: string): Promise<readonly LedgerEntry[]> {
  const { docs } = await firestore().collection(`owners/${ownerId}/ledger`).get();
  return docs.map((doc) => LedgerEntrySchema.parse(doc.data()));
}

function chargesByExecution(ledger: readonly LedgerEntry[]): ReadonlyMap<string | null, number> {
  const charges = ledger.filter(({ type }) => type === "charge");
  const byId = charges.map(
    ({ executionId, amountMicrousd }) => [executionId ?? null, 0 - amountMicrousd] as const,
  );
  expect(new Set(byId.map(([id]) => id)).size, "one charge each").toBe(byId.length);
  return new Map(byId);
}

/** Judges every version of the account: what is promised is there, and no run promises more. */
export function watchRuns(ownerId: string): { faults(): readonly string[]; stop(): void } {
  const faults = new Set<string>();
  const stop = firestore()
    .doc(`owners/${ownerId}/account/budget`)
    .onSnapshot((found) => {
      if (!found.exists) return;
      const account = Account.parse(found.data());
      const spendable = spendableMicrousd(account);
      if (spendable < 0) faults.add(`${spendable} left, ${heldMicrousd(account)} held`);
      for (const { what, accountHas, ledgerHas } of runDifferences(account)) {
        faults.add(`${what} is ${accountHas} of ${ledgerHas}`);
      }
    });
  return { faults: () => [...faults], stop };
}
