// @module-tag slow
/** Changes whose neighbours can't be committed, on a store that fails like Firestore. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { type Account, newAccount } from "../core/money/account.ts";
import { ApiError } from "../errors/api-error.ts";
import { newOwner } from "../owners/act-on-owner.ts";
import type { Change, Decision } from "./change.ts";
import { CommitCoordinator } from "./commit-coordinator.ts";
import { commitBytesMax } from "./commit-size.ts";
import { create, overwrite, patchInside, present, unchanged, type Write } from "./documents.ts";
import { accountId, accounts, LedgerEntry, ledger } from "./owners.ts";
import { requireFound } from "./read-document.ts";

const runs = process.env.PADDOCK_LONG === undefined ? 8 : 500;
const now = Date.UTC(2026, 10, 23);
const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const accountRef = accounts.of(owner, accountId);

async function start() {
  const store = new MemoryStore();
  await store.commitWithoutRetry([
    create(accountRef, newAccount(now)),
    create(ledger.of(owner, "taken"), entry("taken")),
  ]);
  store.tried.splice(0);
  // Hardly waits between attempts, so that nothing here takes time.
  const coordinator = new CommitCoordinator(store, { random: () => 0.001 });
  const account = async () => (await store.get(accountRef)).value;
  return { store, coordinator, account };
}

function entry(id: string, description = "") {
  const none = { executionId: null, threadId: null, keyId: null };
  const line = { v: 1, id, type: "adjustment", amountMicrousd: 1, lossMicrousd: 0, ...none };
  return LedgerEntry.parse({ ...line, description, createdAt: now });
}

/** A line in the ledger, with a change of the account. */
function line(id: string, write: Write): Change<Decision> {
  return {
    owner,
    needsAccount: true,
    refresh: async () => {},
    decide: (account: Account | null) => {
      if (!account) throw new Error(`no account for ${id}`);
      const balanceMicrousd = account.balanceMicrousd + 1;
      return { writes: [write], account: { ...account, balanceMicrousd } };
    },
  };
}

const kinds = {
  good: (id: string) => create(ledger.of(owner, id), entry(id)),
  large: (id: string) => create(ledger.of(owner, id), entry(id, "x".repeat(700_000))),
  illFormed: (id: string) => create(ledger.of(owner, id), entry(id, "\ud800")),
  oversized: (id: string) =>
    overwrite(ledger.of(owner, id), entry(id, "x".repeat(11 * 1024 * 1024))),
  conflicting: () => create(ledger.of(owner, "taken"), entry("taken")),
};
type Kind = keyof typeof kinds | "closing";

function closing(id: string): Change<Decision> {
  return {
    owner,
    needsAccount: false,
    closes: true,
    refresh: async () => {},
    decide: () => ({ writes: [patchInside(accountRef, { [`admission.closedKeys.${id}`]: now })] }),
  };
}

function changeOf(kind: Kind, index: number): Change<Decision> {
  const id = `${kind}_${index}`;
  return kind === "closing" ? closing(id) : line(id, kinds[kind](id));
}

function codeOf(result: PromiseSettledResult<unknown>): string | number {
  if (result.status === "fulfilled") return "done";
  const { reason } = result;
  return reason.code;
}

const expected: Readonly<Record<Kind, string | number>> = {
  good: "done",
  large: "done",
  closing: "done",
  illFormed: 3,
  oversized: 3,
  conflicting: "CONTENTION",
};

describe("a change", () => {
  test("isn't decided on a version that its account never had", async () => {
    const { coordinator, store } = await start();
    // A change that leaves the account as it was leaves its version as it was.
    const same = (id: string) => ({
      ...line(id, kinds.good(id)),
      decide: (account: Account | null) => ({
        writes: [kinds.good(id)],
        ...(account ? { account: { ...account, updatedAt: now } } : {}),
      }),
    });
    for (const id of ["a", "b", "c"]) await coordinator.submit(same(id));
    expect(store.tried).toHaveLength(3);
  });

  test("shares a commit with as many others as fit into one request", async () => {
    const { coordinator, store } = await start();
    const sizes: number[] = [];
    store.before = async (writes) => {
      sizes.push(Buffer.byteLength(JSON.stringify(writes)));
    };
    const all = Array.from({ length: 20 }, (_, index) =>
      coordinator.submit(changeOf("large", index)),
    );
    await Promise.all(all);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(commitBytesMax);
    expect(sizes.length).toBeLessThan(all.length / 2);
  });

  test("shares its commit with others that check the same document, and none that writes it", async () => {
    const { coordinator, store } = await start();
    const taken = ledger.of(owner, "taken");
    const found = requireFound(await store.get(taken));
    const checking = (id: string, check: Write) => {
      const made = line(id, kinds.good(id));
      return {
        ...made,
        decide: (account: Account | null) => {
          const decision = made.decide(account);
          return { ...decision, writes: [...decision.writes, check] };
        },
      };
    };
    const changes = [
      ...["a", "b", "c"].map((id) => checking(id, present(taken, found.value))),
      ...["d", "e"].map((id) => checking(id, unchanged(found))),
      line("taken", overwrite(taken, entry("taken", "other"))),
    ];
    const done = await Promise.all(changes.map((each) => coordinator.submit(each)));
    expect(done.every(({ version }) => version !== null)).toBe(true);
    const checks = store.tried.map((paths) => paths.filter((path) => path === taken.path).length);
    expect(Math.max(...checks)).toBe(1);
    expect(store.tried.length).toBeLessThan(changes.length);
    store.tried.splice(0);
    await Promise.all(
      ["f", "g"].map((id) => coordinator.submit(checking(id, present(taken, found.value)))),
    );
    expect(store.tried).toHaveLength(1);
  });

  test("isn't refused for what a neighbour would have changed that fails", async () => {
    const { coordinator, account } = await start();
    const refusing = (id: string): Change<Decision> => {
      const made = line(id, kinds.good(id));
      const decide = (read: Account | null) => {
        if (read?.balanceMicrousd !== 0) throw new ApiError("QUOTA_REACHED");
        return made.decide(read);
      };
      return { ...made, decide };
    };
    const changes = [changeOf("conflicting", 0), refusing("a"), refusing("b")];
    const all = await Promise.allSettled(changes.map((change) => coordinator.submit(change)));
    expect(all.map(codeOf)).toEqual(["CONTENTION", "done", "QUOTA_REACHED"]);
    expect((await account())?.balanceMicrousd).toBe(1);
  });

  test.each([
    [2, "unknown"],
    [8, "exhausted"],
    [13, "internal"],
  ])("that the database fails at with %i (%s) is tried again, and alone", async (code, details) => {
    const { coordinator, store } = await start();
    let isSpoilt = true;
    store.before = async (writes) => {
      if (!isSpoilt || !writes.some(({ path }) => path.endsWith("good_1"))) return;
      throw Object.assign(new Error(`${code}: ${details}`), { code });
    };
    const spoilt = coordinator.submit(changeOf("good", 1));
    const others = [0, 2, 3].map((index) => coordinator.submit(changeOf("good", index)));
    await expect(Promise.all(others)).resolves.toHaveLength(3);
    isSpoilt = false;
    await expect(spoilt).resolves.toBeDefined();
  });

  test("lands or fails by itself, whatever its neighbours are", async () => {
    const kind = fc.oneof(
      { weight: 6, arbitrary: fc.constant<Kind>("good") },
      { weight: 2, arbitrary: fc.constantFrom<Kind>("illFormed", "conflicting", "closing") },
      { weight: 1, arbitrary: fc.constantFrom<Kind>("large") },
    );
    const batches = fc.array(fc.array(kind, { maxLength: 15 }), { minLength: 1, maxLength: 3 });
    const some = fc.tuple(batches, fc.boolean());
    await fc.assert(
      fc.asyncProperty(some, async ([arrivals, hasOversized]) => {
        const { coordinator, account } = await start();
        const all = [...arrivals.flat(), ...(hasOversized ? (["oversized"] as const) : [])];
        const results: Promise<unknown>[] = [];
        for (const [index, each] of all.entries()) {
          results.push(coordinator.submit(changeOf(each, index)));
          // Some arrive while others are being committed.
          if (index % 7 === 6) await new Promise((resolve) => setImmediate(resolve));
        }
        const settled = await Promise.allSettled(results);
        expect(settled.map(codeOf)).toEqual(all.map((each) => expected[each]));
        const lines = all.filter((each) => each !== "closing" && expected[each] === "done");
        const closings = all.filter((each) => each === "closing");
        const after = await account();
        expect(after?.balanceMicrousd).toBe(lines.length);
        expect(Object.keys(after?.admission.closedKeys ?? {})).toHaveLength(closings.length);
      }),
      { numRuns: runs },
    );
  });
});

/** Turns of the event loop; far more than a change takes that waits for nothing. */
const turnsMax = 3_000;

/** Fails here if it would wait for ever, long before the test times out. */
async function soon(done: Promise<unknown>): Promise<void> {
  let isDone = false;
  const noted = done.then(() => {
    isDone = true;
  });
  for (let turn = 0; turn < turnsMax && !isDone; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  if (!isDone) throw new Error("it waits for something that waits for it");
  await noted;
}

describe("KEY-10 a closing", () => {
  const isClosing = (paths: readonly string[]) => paths.every((path) => path === accountRef.path);

  test("is committed alone and at once, whatever a tenant has sent and is sending", async () => {
    const kind = fc.constantFrom<Kind>("good", "illFormed", "conflicting");
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 60 }), async (sent) => {
        const { coordinator, store } = await start();
        let release = () => {};
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        // The tenant's commit hangs until the closing is done.
        store.before = async (writes) => {
          if (!isClosing(writes.map(({ path }) => path))) await released;
        };
        const tenants = Promise.allSettled(
          sent.map((each, index) => coordinator.submit(changeOf(each, index))),
        );
        while (store.tried.length === 0) await new Promise((resolve) => setImmediate(resolve));
        const triedBefore = store.tried.length;
        await soon(coordinator.submit(closing("key")));
        expect(store.tried.slice(triedBefore)).toEqual([[accountRef.path]]);
        release();
        await tenants;
      }),
      { numRuns: runs },
    );
  });

  test("that decides on the account goes before what waits, and shares no commit with it", async () => {
    const { coordinator, store, account } = await start();
    const tenants = Array.from({ length: 100 }, (_, index) =>
      coordinator.submit(changeOf("good", index)),
    );
    const stopping = { ...line("stop", kinds.good("stop")), closes: true };
    await soon(coordinator.submit(stopping));
    const stopPath = ledger.of(owner, "stop").path;
    const withStop = store.tried.filter((paths) => paths.includes(stopPath));
    for (const paths of withStop) expect(paths).toEqual([stopPath, accountRef.path]);
    // Only the commit that was under way may have come before it.
    expect(store.tried.findIndex((paths) => paths.includes(stopPath))).toBeLessThanOrEqual(1);
    await Promise.all(tenants);
    expect((await account())?.balanceMicrousd).toBe(101);
  });

  test("causes earlier decisions to be repeated", async () => {
    const { coordinator, store } = await start();
    const seen: boolean[] = [];
    const change = line("a", kinds.good("a"));
    const watching: typeof change = {
      ...change,
      decide: (account) => {
        seen.push(Object.hasOwn(account?.admission.closedKeys ?? {}, "key"));
        return change.decide(account);
      },
    };
    store.before = async (writes) => {
      store.before = async () => {};
      if (writes.length > 1) await coordinator.submit(closing("key"));
    };
    await coordinator.submit(watching);
    expect(seen).toEqual([false, true]);
  });
});
