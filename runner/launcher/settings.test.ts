import { describe, expect, test } from "vitest";
import { jobEnvironment } from "#shared/protocol/job";
import { readSettings } from "./settings.ts";

describe("readSettings()", () => {
  test("defaults to the runner's image", () => {
    expect(readSettings({})).toEqual({
      scratch: "/run/paddock",
      supervisorUid: 20_001,
      sandboxUid: 20_002,
      cgroup: null,
      mode: null,
      insideCloudRun: false,
      forSupervisor: {},
    });
  });

  test("passes on what the supervisor needs and nothing else", () => {
    const environment = { PADDOCK_TICKET: "t", PADDOCK_UIDS: "1000:1001", SECRET_OF_HOST: "x" };
    expect(readSettings(environment).forSupervisor).toEqual({ PADDOCK_TICKET: "t" });
  });

  test("passes on everything that a job is told", () => {
    const told = Object.fromEntries(Object.values(jobEnvironment).map((name) => [name, "{}"]));
    expect(readSettings(told).forSupervisor).toEqual(told);
  });

  test.each([
    [{ PADDOCK_UIDS: "0:20002" }],
    [{ PADDOCK_UIDS: "20001:20001" }],
    [{ PADDOCK_UIDS: "20001" }],
    [{ PADDOCK_SANDBOX_MODE: "A" }],
    [{ PADDOCK_SCRATCH: "relative" }],
    [{ PADDOCK_SCRATCH: "/run/a,b" }],
    // The test network must never be used in Google Cloud.
    [{ PADDOCK_EGRESS_TEST: "{}", CLOUD_RUN_JOB: "runner-lite-internet" }],
  ])("refuses %j", (environment) => {
    expect(() => readSettings(environment)).toThrow();
  });
});
