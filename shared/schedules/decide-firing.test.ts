/** What becomes of a schedule that is due. */
import { expect, test } from "vitest";
import { mintOwner } from "../identity/owner.ts";
import { schedules } from "../store/schedules.ts";
import { decideFiring } from "./decide-firing.ts";

test("AUT-1 a time that has run, and is due again by a clock that went back, is passed over", () => {
  const owner = mintOwner(`user_${"0".repeat(21)}`, "production");
  const value = { id: "sched_1", environmentId: "env_1", agentId: null };
  const found = { ref: schedules.of(owner, value.id), value, version: {} };
  const due = { run: 1_000, missed: null, next: 61_000 };
  const decided = decideFiring({
    ...{ owner, now: 2_000, ids: {} },
    basis: { found, due, hasRun: true, acting: null },
    account: { admission: { suspendedAt: null }, contained: {} },
  } as never);
  expect(decided).toMatchObject({ outcome: "gone", started: null });
  // Started again, its commit would fail for ever, because its execution is there.
  expect(decided.writes).toMatchObject([{ fields: { nextRunAt: 61_000, dueAt: 61_000 } }]);
});

test("a start that fails for a reason nobody expected is tried again, and then passed over", () => {
  const owner = mintOwner(`user_${"0".repeat(21)}`, "production");
  const value = { id: "sched_1", ownerId: owner.id, environmentId: "env_1", agentId: null };
  const found = { ref: schedules.of(owner, value.id), value, version: {} };
  const due = { run: 1_000, missed: null, next: 3_600_000 };
  const decide = (now: number) =>
    decideFiring({
      ...{ owner, now, ids: { rowId: "row_1" } },
      // A key without its scopes.
      basis: { found, due, hasRun: false, acting: { key: { id: "key_1" } } },
      account: { admission: { suspendedAt: null, keys: {} }, contained: {} },
    } as never);
  expect(() => decide(60_000)).toThrow(TypeError);
  const decided = decide(20 * 60_000);
  expect(decided).toMatchObject({ outcome: "refused", started: null });
  expect(JSON.stringify(decided.writes)).toContain("INTERNAL_ERROR");
});
