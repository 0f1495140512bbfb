import { describe, expect, test, vi } from "vitest";
import { deploymentLimitsOf, readSettings } from "./config.ts";
import { claimingMsMax, ticketLifetimeMs } from "./protocol/job.ts";

const settings = { GOOGLE_CLOUD_PROJECT: "p" };
describe("readSettings()", () => {
  test.each([
    {},
    { ...settings, PORT: "http" },
    { ...settings, PADDOCK_RUN_ENDPOINT: "somewhere" },
  ])("refuses %j", (environment) => {
    expect(() => readSettings(environment)).toThrow();
  });
});

describe("deploymentLimits()", () => {
  test("reads limits that are stated as text, where no file can be mounted", async () => {
    vi.resetModules();
    vi.stubEnv("GOOGLE_CLOUD_PROJECT", "p");
    vi.stubEnv("PADDOCK_LIMITS", '{ "concurrentMax": 7 }');
    const { deploymentLimits } = await import("./config.ts");
    expect(deploymentLimits()).toMatchObject({ concurrentMax: 7, wallClockMs: 600_000 });
    vi.unstubAllEnvs();
  });
});

describe("deploymentLimitsOf()", () => {
  test("fills in the defaults, and refuses what is no limit", () => {
    expect(deploymentLimitsOf({ concurrentMax: 5 })).toMatchObject({
      executions: { max: 30, windowMs: 900_000 },
      ownerExecutions: { max: 300, windowMs: 900_000 },
      concurrentMax: 5,
      wallClockMs: 600_000,
      timing: {
        dispatchDeadlineMs: 10_000,
        claimDeadlineMs: 540_000,
        queuedMsMax: 3_600_000,
        heartbeatIntervalMs: 30_000,
        leaseMs: 90_000,
      },
    });
    expect(() => deploymentLimitsOf({ concurrentMax: 0 })).toThrow();
    expect(() => deploymentLimitsOf({ executions: { max: 1.5 } })).toThrow();
  });

  test("replaces no runner that still claims, and no runner claims with a ticket that is over", () => {
    const { timing } = deploymentLimitsOf({});
    expect(timing.claimDeadlineMs).toBeLessThan(claimingMsMax);
    expect(claimingMsMax).toBeLessThan(ticketLifetimeMs);
    expect(ticketLifetimeMs - timing.claimDeadlineMs).toBeLessThanOrEqual(60_000);
  });

  test("refuses a lease that one lost heartbeat would end", () => {
    const timing = { heartbeatIntervalMs: 30_000, leaseMs: 59_999 };
    expect(() => deploymentLimitsOf({ timing })).toThrow("heartbeat");
  });
});
