import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MemoryStore } from "../../test/kit/memory-store.ts";
import { mintOwner } from "../identity/owner.ts";
import { auditRows } from "../store/audit-rows.ts";
import { patch } from "../store/documents.ts";
import { environments } from "../store/environments.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const beside = { actor: { type: "key", id: "key_a" }, requestId: "req_a" } as const;

let module: typeof import("./default-environment.ts");
beforeAll(async () => {
  vi.resetModules();
  vi.doMock("../secrets/sealing-keys.ts", () => ({ ensureSealingPair: async () => "public" }));
  module = await import("./default-environment.ts");
});
afterAll(() => {
  vi.doUnmock("../secrets/sealing-keys.ts");
  vi.resetModules();
});

test("AUD-7 a default environment that a thread or a schedule makes has its row, once", async () => {
  const store = Object.assign(new MemoryStore(), {
    getAll: async (...refs: Parameters<MemoryStore["get"]>[0][]) =>
      await Promise.all(refs.map(async (ref) => await store.get(ref))),
  });
  const found = await module.findDefault(store as never, owner, 5);
  const make = async (more: object) =>
    await module.ensureDefault(store as never, owner, { found, now: 5, ...more });
  const { environment, writes } = await make({ beside });
  // Another request that found none makes the same environment, and fails. Its row isn't the same:
  // a row that is there says that the commit happened.
  const other = await make({ beside: { ...beside, requestId: "req_b" } });
  const rowsOf = (made: typeof writes) =>
    made.map(({ path }) => path).filter((path) => path.includes("/audit/"));
  expect(rowsOf(other.writes)).toHaveLength(1);
  expect(rowsOf(other.writes)).not.toEqual(rowsOf(writes));
  await store.commit(writes);
  expect((await store.get(environments.of(owner, environment.id))).value).not.toBeNull();
  const rows = await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
  expect(rows.map(({ value }) => value)).toMatchObject([
    { action: "environment.created", subject: environment.id, ...beside },
  ]);
  // The route whose own row says it adds no second one.
  expect((await make({})).writes).toHaveLength(writes.length - 1);
});

test("AUD-7 one that becomes the default again has a row that says so, and isn't said to be made", async () => {
  const store = new MemoryStore();
  const missing = await module.findDefault(store as never, owner, 5);
  const made = await module.ensureDefault(store as never, owner, { found: missing, now: 5 });
  await store.commit(made.writes);
  const ref = environments.of(owner, made.environment.id);
  // Another one was the default meanwhile, and was deleted.
  await store.commit([patch(ref, { isDefault: false }, { mustExist: true })]);
  const found = await module.findDefault(store as never, owner, 7);
  const again = await module.ensureDefault(store as never, owner, { found, now: 7, beside });
  expect(again.isMarkedAgain).toBe(true);
  await store.commit(again.writes);
  expect((await store.get(ref)).value?.isDefault).toBe(true);
  const rows = await store.findAll(auditRows.all(owner), { where: [], limit: 9 });
  expect(rows.map(({ value }) => value)).toMatchObject([
    { action: "environment.updated", subject: made.environment.id, ...beside },
  ]);
});
