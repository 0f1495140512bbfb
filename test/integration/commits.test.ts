/** The coordinator on the real emulator: its promises when changes collide, fail or get lost. */
import { status } from "@grpc/grpc-js";
import { nanoid } from "nanoid";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { type Account, newAccount } from "#shared/core/money/account";
import { hold } from "#shared/core/money/hold";
import { settle } from "#shared/core/money/settle";
import { ApiError } from "#shared/errors/api-error";
import { newOwner } from "#shared/owners/act-on-owner";
import { CommitCoordinator } from "#shared/store/commit-coordinator";
import { create } from "#shared/store/documents";
import { accountId, accounts, LedgerEntry, ledger } from "#shared/store/owners";
import type { Store } from "#shared/store/store";
import type { CountingProxy } from "../../local/firestore/counting-proxy.ts";
import { openCountedStore } from "../kit/counted-store.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";

const now = Date.now();
const wide = {
  executions: { max: 1_000 },
  concurrentMax: 500,
  keyConcurrentMax: 500,
  keyHeldPercentMax: 100,
};
let proxy: CountingProxy;
let store: Store;

beforeAll(async () => {
  const opened = await openCountedStore();
  ({ proxy, store } = opened);
  return opened.close;
});

beforeEach(() => proxy.reset());

function coordinator(): CommitCoordinator {
  return new CommitCoordinator(store, { random: Math.random });
}

async function ownerWith(balanceMicrousd: number) {
  const owner = newOwner(`user_${nanoid()}`, "development");
  const account = { ...newAccount(now), balanceMicrousd };
  await store.commit([create(accounts.of(owner, accountId), account)]);
  return owner;
}
type TestOwner = Awaited<ReturnType<typeof ownerWith>>;

async function accountOf(owner: TestOwner): Promise<Account> {
  return (await store.require(accounts.of(owner, accountId))).value;
}

function entry(id: string): LedgerEntry {
  const none = { executionId: null, threadId: null, keyId: null };
  const amounts = { amountMicrousd: 1, lossMicrousd: 0 };
  const line = { v: 1, id, type: "adjustment", ...amounts, ...none };
  return LedgerEntry.parse({ ...line, description: "", createdAt: now });
}

/** Holds one micro-dollar for `id` and writes a line, so that each change has a document. */
function holdOne(owner: TestOwner, id: string, line = id) {
  return {
    owner,
    needsAccount: true,
    refresh: async () => {},
    decide: (account: Account | null) => {
      if (!account) throw new Error("no account");
      const limits = DeploymentLimits.parse(wide);
      const ceilings = { executionCostMaxMicrousd: null, dayCostMaxMicrousd: null };
      const asked = { executionId: id, keyId: "key", ceilings, amountMicrousd: 1 };
      const result = hold(account, { ...asked, expiresAt: now + 60_000, now, limits });
      if (!result.granted) throw new ApiError("INSUFFICIENT_BUDGET");
      return { writes: [create(ledger.of(owner, line), entry(line))], account: result.account };
    },
  };
}

function outcomes(results: readonly PromiseSettledResult<unknown>[]) {
  return {
    granted: results.filter(({ status }) => status === "fulfilled").length,
    refused: results.filter(
      (result) => result.status === "rejected" && result.reason.code === "INSUFFICIENT_BUDGET",
    ).length,
  };
}

describe("BUD-3 changes of one account", () => {
  test("from two processes at once spend what there is, and not a micro-dollar more", async () => {
    const owner = await ownerWith(20);
    const processes = [coordinator(), coordinator()];
    const attempts = Array.from({ length: 60 }, (_, index) =>
      processes[index % 2]?.submit(holdOne(owner, `run_${index}`)),
    );
    expect(outcomes(await Promise.allSettled(attempts))).toEqual({ granted: 20, refused: 40 });
    expect(Object.keys((await accountOf(owner)).holds)).toHaveLength(20);
  });

  test.runIf(isTurn(0, 2))(
    "from four processes that never pause get through, each of them",
    async () => {
      const owner = await ownerWith(160);
      const crowd = [0, 1, 2, 3].map(async (worker) => {
        const own = coordinator();
        for (let round = 0; round < 10; round += 1) {
          const some = [0, 1, 2, 3].map((one) =>
            own.submit(holdOne(owner, `${worker}_${round}_${one}`)),
          );
          await Promise.all(some);
        }
      });
      await Promise.all(crowd);
      expect(Object.keys((await accountOf(owner)).holds)).toHaveLength(160);
    },
  );

  test("that leave it as it was don't take the commit's time for its version", async () => {
    const owner = await ownerWith(100);
    const one = coordinator();
    const unchanged = (id: string) => ({
      owner,
      needsAccount: true,
      refresh: async () => {},
      decide: (account: Account | null) => ({
        writes: [create(ledger.of(owner, id), entry(id))],
        ...(account ? { account } : {}),
      }),
    });
    for (const id of ["line_a", "line_b", "line_c"]) await one.submit(unchanged(id));
    expect((await accountOf(owner)).balanceMicrousd).toBe(100);
  });

  test("that arrive together are committed together", async () => {
    const owner = await ownerWith(100);
    const one = coordinator();
    await one.submit(holdOne(owner, "run_first"));
    proxy.reset();
    const more = Array.from({ length: 40 }, (_, index) =>
      one.submit(holdOne(owner, `run_${index}`)),
    );
    await Promise.all(more);
    expect(proxy.counters().calls).toBeLessThanOrEqual(4);
  });

  test("fail alone: one that can't be doesn't take the others with it", async () => {
    const owner = await ownerWith(100);
    await store.commit([create(ledger.of(owner, "taken"), entry("taken"))]);
    const one = coordinator();
    const results = await Promise.allSettled([
      one.submit(holdOne(owner, "run_a")),
      one.submit(holdOne(owner, "run_b", "taken")),
      one.submit(holdOne(owner, "run_c")),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { holds } = await accountOf(owner);
    expect(new Set(Object.keys(holds))).toEqual(new Set(["run_a", "run_c"]));
  });

  test.runIf(isTurn(0, 2))(
    "see each other's documents: the second of two on one is decided after the first",
    async () => {
      const owner = await ownerWith(100);
      const one = coordinator();
      const seen: number[] = [];
      const touch = (id: string) => ({
        ...holdOne(owner, id, "same"),
        refresh: async () => {
          seen.push((await store.get(ledger.of(owner, "same"))).value ? 1 : 0);
        },
      });
      const results = await Promise.allSettled([
        one.submit(touch("run_a")),
        one.submit(touch("run_b")),
      ]);
      expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
      expect(seen[0]).toBe(1);
    },
  );

  const lost = sharedOut([status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN], 3);
  test.each(lost)(
    "are done once even if the commit's answer is lost: code %i",
    async (grpcCode) => {
      const owner = await ownerWith(100);
      const change = holdOne(owner, "run_a");
      const withMarker = {
        ...change,
        decide: (account: Account | null) => {
          const decision = change.decide(account);
          const path = `owners/${owner.id}/audit/aud_${owner.id}`;
          return {
            ...decision,
            writes: [...decision.writes, { op: "create" as const, path, value: {} }],
          };
        },
      };
      proxy.faults.order("Commit", { kind: "unavailable-after", grpcCode });
      await coordinator().submit(withMarker);
      expect(Object.keys((await accountOf(owner)).holds)).toEqual(["run_a"]);
      const settled = settle(await accountOf(owner), { id: "run_a", costMicrousd: 1, now });
      expect(settled?.account.balanceMicrousd).toBe(99);
    },
  );
});
