import { Timestamp } from "@google-cloud/firestore";
import { describe, expect, test } from "vitest";
import { formatLease, parseLease } from "./lease.ts";

const keys = { current: "2", keys: { "1": Buffer.alloc(32, 1), "2": Buffer.alloc(32, 2) } };
const version = new Timestamp(1_760_000_000, 123_456_000);
const lease = { executionId: "run_a", version, heldMicrousd: 12_000 };
const text = formatLease(lease, keys);

describe("parseLease()", () => {
  test("gives back what was signed, also with a key that signs no more", () => {
    expect(parseLease(text, "run_a", keys)).toEqual(lease);
    const older = formatLease(lease, { ...keys, current: "1" });
    expect(parseLease(older, "run_a", keys)).toEqual(lease);
  });

  test.each([
    ["raised by the runner", text.replace(".12000.", ".99999."), "run_a"],
    ["of another execution", text, "run_b"],
    ["of a release that signed none", text.split(".").slice(0, 2).join("."), "run_a"],
  ])("ignores the held amount if it is %s", (_what, stated, executionId) => {
    expect(parseLease(stated, executionId, keys)).toMatchObject({ version, heldMicrousd: null });
  });

  test.each(["", "x", "1", "1.2.3", "999999999999.000000000"])(
    "refuses text that isn't a lease: %j",
    (stated) => {
      expect(parseLease(stated, "run_a", keys)).toBeNull();
    },
  );
});
