/**
 * Revocations while four processes answer as fast as they can: ten at once here, two hundred with
 * `PADDOCK_LONG=1`.
 */
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { type FunctionAside, startAsides } from "../kit/function-aside.ts";
import { newOwner, type TestOwner } from "../kit/owners.ts";
import { isLong, isTurn } from "../kit/shard.ts";

const processes = 4;
const revocations = isLong ? 200 : 10;
const atOnce = 10;
/** Requests that each key has in progress at any moment. */
const callersPerKey = 4;
/** How long callers continue after their key is revoked. */
const afterwardsMs = 300;

let owner: TestOwner;
let asides: readonly FunctionAside[] = [];

interface Accepted {
  readonly beganAt: number;
  readonly process: number;
}

interface Revocation {
  readonly tookMs: number;
  /** Another change of the key, under the same load. */
  readonly renameMs: number;
  readonly returnedAt: number;
  readonly accepted: readonly Accepted[];
}

/** Uses a key on every process without a pause until `isOver` returns true. */
async function useUp(key: string, isOver: () => boolean) {
  const accepted: Accepted[] = [];
  let refused = 0;
  let failure: unknown = null;
  const caller = async (first: number) => {
    for (let turn = first; !isOver() && failure === null; turn += 1) {
      const process = turn % processes;
      const beganAt = performance.now();
      const baseUrl = asides[process]?.baseUrl ?? "";
      const { status, text } = await send("/v1/agents", { key, baseUrl });
      if (status === 200) accepted.push({ beganAt, process });
      else if (status === 401) refused += 1;
      // A request that can't be checked in time is refused, so it doesn't count as a use.
      else if (status !== 503) throw new Error(`answered ${status}: ${text}`);
    }
  };
  const callers = Promise.all(Array.from({ length: callersPerKey }, (_, index) => caller(index)));
  // Awaited later; a failing caller mustn't outlive the test, and ends the others.
  callers.catch((error: unknown) => {
    failure = error;
  });
  const everywhere = async () => {
    if (failure !== null) throw failure;
    const used = new Set(accepted.map(({ process }) => process));
    return used.size === processes && accepted.length > processes;
  };
  await until("a use on every process, and more", everywhere);
  return { accepted, over: callers, refused: () => refused };
}

async function revokeInUse(): Promise<Revocation> {
  const { key } = owner;
  const made = (await send("/v1/keys", { key, body: { name: "doomed" } })).json;
  let isOver = false;
  const used = await useUp(made.key, () => isOver);
  const revoke = async () => {
    const renamedAt = performance.now();
    await send(`/v1/keys/${made.id}`, { key, method: "PATCH", body: { name: "renamed" } });
    const beganAt = performance.now();
    const revoked = await send(`/v1/keys/${made.id}/revoke`, { key, method: "POST" });
    const returnedAt = performance.now();
    expect(revoked.status, revoked.text).toBe(200);
    await wait(afterwardsMs);
    await until("a refusal", async () => used.refused() > 0);
    return { tookMs: returnedAt - beganAt, renameMs: beganAt - renamedAt, returnedAt };
  };
  const times = await revoke().finally(() => {
    isOver = true;
  });
  await used.over;
  return { ...times, accepted: used.accepted };
}

/** `keys.test.ts` revokes one busy key on every commit. */
describe.runIf(isTurn(3, 4))("KEY-5 revocation under load", () => {
  beforeAll(async () => {
    owner = await newOwner({ creditUsd: 0 });
    asides = await startAsides("agents", processes);
  });

  afterAll(async () => {
    await Promise.all(asides.map((aside) => aside.stop()));
  });

  test(`${revocations} of them, ${atOnce} at once: none is used that has begun since`, async () => {
    const done: Revocation[] = [];
    while (done.length < revocations) {
      done.push(...(await Promise.all(Array.from({ length: atOnce }, revokeInUse))));
    }
    const late = done.flatMap(({ accepted, returnedAt }) =>
      accepted.filter(({ beganAt }) => beganAt > returnedAt),
    );
    expect(late).toEqual([]);
    const took = done.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
    const [p50, most] = [took[Math.floor(took.length / 2)] ?? 0, took.at(-1) ?? 0];
    const requests = done.reduce((sum, { accepted }) => sum + accepted.length, 0);
    const renameMsMax = Math.max(...done.map(({ renameMs }) => renameMs));
    console.log(
      `${done.length} revocations under ${requests} requests: p50 ${Math.round(p50)} ms, ` +
        `at most ${Math.round(most)} ms; a rename at most ${Math.round(renameMsMax)} ms`,
    );
  }, 300_000);
});
