import { Timestamp } from "@google-cloud/firestore";
import { describe, expect, test } from "vitest";
import { accountWith, held, now } from "../../test/kit/sample-account.ts";
import { sampleExecution } from "../../test/kit/sample-execution.ts";
import { executionLimits } from "../core/executions/profiles.ts";
import { billedMsMin, computeCostMicrousd } from "../core/money/pricing.ts";
import { mintOwner } from "../identity/owner.ts";
import type { Execution } from "../store/executions.ts";
import { cancel } from "./cancel.ts";

const owner = mintOwner(`user_${"a".repeat(21)}`, "development");
const row = { id: "aud_1", requestId: "req_1", actor: { type: "key", id: "key_a" } } as const;

/** An execution with `fields`, and its account, after cancelling. */
function cancelled(fields: Partial<Execution>) {
  const execution = sampleExecution(fields);
  const account = held(accountWith({ balanceMicrousd: 50_000 }), "run_1", execution.holdMicrousd);
  const before = { execution, version: new Timestamp(1, 0), account };
  return cancel(owner, before, { row, now });
}

const spent = (fields: Partial<Execution>) => cancelled(fields).account?.spentMicrousd;

describe("TEN-2 cancelling an execution that nobody claimed", () => {
  test("charges the least charge from the moment a container is asked for", () => {
    const least = computeCostMicrousd("standard", billedMsMin);
    expect(least).toBe(1_334);
    expect(spent({})).toBe(least);
    expect(spent({ jobExecution: "job-1" })).toBe(least);
  });

  test("charges nothing while the platform has no room, or after an attempt of ours was lost", () => {
    expect(spent({ waitingSince: now })).toBe(0);
    expect(spent({ attempt: 2 })).toBe(0);
  });

  test("charges no more than the whole time it was given, nor than is held", () => {
    const limits = executionLimits("standard", 3_000);
    expect(spent({ limits })).toBe(computeCostMicrousd("standard", 3_000));
    expect(spent({ holdMicrousd: 100 })).toBe(100);
  });
});

test("DAT-7 an execution that has ended keeps nothing of what its variables quote", () => {
  const variable = { key: "TRIGGER_EVENT", value: '{"said":"in a message"}' };
  const { writes } = cancelled({ environmentVariables: [variable] });
  const stored = writes.find(({ path }) => path.endsWith("/executions/run_1"));
  expect(stored).toMatchObject({ op: "replace", value: { environmentVariables: [] } });
  expect(JSON.stringify(writes)).not.toContain("in a message");
});
