/** What one person can do with all the operators that one of them makes, and makes again. */
import fc from "fast-check";
import { nanoid } from "nanoid";
import { beforeEach, describe, expect, test } from "vitest";
import { type IdKind, idOf as idMadeOf } from "#shared/core/ids";
import { newAccount } from "#shared/core/money/account";
import { ApiError } from "#shared/errors/api-error";
import { areIndependent, readOperatorsBehind } from "#shared/identity/independent-operators";
import { operatorRef } from "#shared/identity/operators";
import { mintOwner, operatorsTrail } from "#shared/identity/owner";
import { asOperator } from "#shared/pipeline/authenticate";
import { commitChange } from "#shared/pipeline/commit-change";
import { readData } from "#shared/pipeline/parse-and-read";
import { RepeatableIds } from "#shared/pipeline/repeatable-ids";
import { type AuditedChange, confirmedAlready } from "#shared/pipeline/request-security";
import type { AnyContext, ChangeRoute } from "#shared/pipeline/route";
import { CommitCoordinator } from "#shared/store/commit-coordinator";
import { creditRequests } from "#shared/store/credit-requests";
import { create, patch } from "#shared/store/documents";
import { accountId, accounts, owners } from "#shared/store/owners";
import { draws } from "../../test/kit/draws.ts";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { confirmCredit } from "./confirm-credit.ts";
import { createFirstOperator } from "./create-first-operator.ts";
import { createOperator } from "./create-operator.ts";
import { removeOperator } from "./remove-operator.ts";
import { vouchForOperator } from "./vouch-for-operator.ts";

const routes = {
  make: createOperator,
  remove: removeOperator,
  vouch: vouchForOperator,
  "be named": createFirstOperator,
};
const emailOf = (name: string) => `${name}@example.com`;
const newId = (kind: IdKind) => idMadeOf(kind, nanoid());

interface Act {
  readonly who: string;
  readonly what: keyof typeof routes;
  readonly whom: string;
}

async function idOf(store: MemoryStore, name: string): Promise<string | null> {
  return (await store.get(operatorRef(emailOf(name)))).value?.id ?? null;
}

/** The route's caller, as the pipeline knows it before it reads anything else. */
async function callerOf(store: MemoryStore, { authenticate }: ChangeRoute, email: string) {
  if (authenticate === "operator") return await asOperator(store, async () => email);
  return confirmedAlready({ type: "operator", id: operatorsTrail().id, email } as const);
}

/** Reads for a change, and returns what decides on it and commits it. */
async function begin(store: MemoryStore, route: ChangeRoute, who: string, more: object) {
  const known = await callerOf(store, route, emailOf(who));
  const ids = new RepeatableIds(newId, () => null);
  const commits = new CommitCoordinator(store, { random: () => 0 });
  const deps = { store, commits, newId };
  const given = { caller: known.caller, ids, now: 2, deps, ...more };
  const context: AnyContext = given as never;
  const security = {
    sealDetails: async () => null,
    auditRow: (_route: unknown, { owner, rowId }: AuditedChange) => ({
      op: "create" as const,
      path: `owners/${owner.id}/audit/${rowId}`,
      value: {},
    }),
  };
  const data = await readData(route, context);
  const committing = { ...known, deps, security, beganAt: performance.now() };
  return async () => void (await commitChange(route, { context, ids, data }, committing as never));
}

/** @returns whether it was allowed. */
async function act(store: MemoryStore, { who, what, whom }: Act): Promise<boolean> {
  try {
    const body = { email: emailOf(whom) };
    await (await begin(store, routes[what], who, { body }))();
    return true;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

async function isIndependent(store: MemoryStore, one: string, other: string): Promise<boolean> {
  const [oneId, otherId] = [await idOf(store, one), await idOf(store, other)];
  if (!oneId || !otherId) return false;
  return areIndependent(await readOperatorsBehind(store, [oneId, otherId]), oneId, otherId);
}

/** Bob, named by the deployment, is another person. So is Carl: Root made him, Bob vouched. */
const selves = ["root", "first", "second"];
const others = ["bob", "carl"];

async function deployment(): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const who of ["root", "bob"]) await act(store, { who, what: "be named", whom: who });
  await act(store, { who: "root", what: "make", whom: "carl" });
  expect(await act(store, { who: "bob", what: "vouch", whom: "carl" })).toBe(true);
  expect(await isIndependent(store, "root", "carl")).toBe(true);
  return store;
}

/** Only Root's address is in the deployment's setting. */
const acts = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      who: fc.constantFrom(...selves),
      what: fc.constantFrom("make", "make", "remove", "vouch"),
      whom: fc.constantFrom(...selves, ...selves, ...others),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ who: "root", what: "be named", whom: "root" }) },
);

describe("KEY-9 one operator, whatever other operators it makes", () => {
  test("never has two that are independent, whom a large sum would take", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 20, maxLength: 40 }), async (sequence) => {
        const store = await deployment();
        for (const next of sequence) {
          if (!(await act(store, next))) continue;
          for (const [at, one] of selves.entries()) {
            for (const other of selves.slice(at + 1)) {
              expect(await isIndependent(store, one, other)).toBe(false);
            }
          }
        }
      }),
      { numRuns: draws(150), seed: 1 },
    );
  });
});

test("KEY-9 whom the deployment names is an operator again after a removal", async () => {
  const store = await deployment();
  const named = { who: "root", what: "be named", whom: "root" } as const;
  expect(await act(store, named)).toBe(false);
  expect(await act(store, { who: "bob", what: "remove", whom: "root" })).toBe(true);
  expect(await act(store, { who: "root", what: "make", whom: "first" })).toBe(false);
  expect(await act(store, named)).toBe(true);
  expect(await act(store, { who: "root", what: "make", whom: "first" })).toBe(true);
});

describe("KEY-9 an operator that is removed between its request's read and its commit", () => {
  const owner = mintOwner(`user_${"a".repeat(21)}`, "production");
  const request = creditRequests.of(owner, "crq_1");
  let store: MemoryStore;

  beforeEach(async () => {
    store = await deployment();
    const profile = { v: 1, id: owner.id, name: "", mode: "production", state: "active" } as const;
    const made = { auditPublicKey: "", createdBy: "op", createdAt: 1 };
    await store.commit([
      create(owners.doc(owner.id), { ...profile, ...made }),
      create(accounts.of(owner, accountId), newAccount(1)),
      create(request, {
        v: 1,
        id: "crq_1",
        type: "credit",
        amountMicrousd: 1,
        description: "",
        state: "pending",
        requestedBy: (await idOf(store, "root")) ?? "",
        requestedAt: 3,
        expiresAt: 10,
        decidedBy: null,
        decidedAt: null,
      }),
    ]);
  });

  test.each([
    { what: "makes nobody", route: createOperator, body: { email: emailOf("new") } },
    { what: "removes nobody", route: removeOperator, body: { email: emailOf("root") } },
    { what: "vouches for nobody", route: vouchForOperator, body: { email: emailOf("root") } },
    { what: "confirms nothing", route: confirmCredit, body: undefined },
  ])("$what", async ({ route, body }) => {
    const params = { userId: owner.id, requestId: "crq_1" };
    const commit = await begin(store, route, "bob", { body, params });
    await store.commit([patch(operatorRef(emailOf("bob")), { removedAt: 2 })]);
    await expect(commit()).rejects.toMatchObject({ code: "FORBIDDEN" });
    const again = begin(store, route, "bob", { body, params });
    await expect(again).rejects.toMatchObject({ code: "FORBIDDEN" });
    await store.commit([patch(operatorRef(emailOf("bob")), { removedAt: null })]);
    await (await begin(store, route, "bob", { body, params }))();
  });
});
