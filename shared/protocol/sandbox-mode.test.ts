import { describe, expect, test } from "vitest";
import { ClaimRequest } from "./runner.ts";
import { claimedModes, modeOfClaim, sandboxModes } from "./sandbox-mode.ts";

describe("modeOfClaim()", () => {
  test.each(sandboxModes)("reads %s in a claim of this release and of the one before", (mode) => {
    for (const sandboxMode of [mode, claimedModes[mode]]) {
      const claim = ClaimRequest.parse({ ticket: "t", runner: { version: "1", sandboxMode } });
      expect(modeOfClaim(claim.runner.sandboxMode)).toBe(mode);
    }
  });
});
