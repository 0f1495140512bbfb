/** However an execution ends, it is settled with the right reason, and nothing of it is left. */
import { describe, expect, test } from "vitest";
import { gatewayPaths } from "#shared/protocol/runner";
import { claimFor, type FakeGateway } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { isTurn } from "../kit/shard.ts";
import { modesNow } from "./support/modes-now.ts";

const options = { timeout: 120_000 };
const waiting = "echo partial > file; echo started; (setsid nohup sleep 300 &); sleep 300";
const started = (gateway: FakeGateway) => gateway.until(() => gateway.text().includes("started"));
const beating = {
  version: "v1",
  expiresAt: Date.now() + 90_000,
  heartbeatIntervalMs: 100,
  readerUntil: 0,
};

describe.each(modesNow)("EXE-7 endings in mode %s", options, (mode) => {
  test.each(["cancelled", "budget"] as const)("%s by the gateway", async (reason) => {
    const run = await execute(claimFor(waiting, { lease: beating }), mode, {
      during: async (gateway) => {
        await started(gateway);
        gateway.stop = reason;
      },
    });
    expect(run.gateway.settled).toMatchObject({
      outcome: reason === "cancelled" ? "cancelled" : "failed",
      reason,
      workspace: { state: "saved" },
    });
    expect(run.gateway.savedFile("file")).toBe("partial\n");
    expect(run.leftovers).toEqual([]);
  });

  test("goes on when a task ends programs by name, or all at once", async () => {
    const script = `exec 2>/dev/null; trap '' TERM HUP INT USR1
      for how in "pkill -f node" "pkill -KILL -f node" "kill -- -1" "kill -HUP -1" "kill -USR1 -1"
      do sh -c 'exec node -e "setInterval(() => 0, 9)"' & sleep 0.3; $how; kill -KILL $!; done
      echo went on`;
    const { gateway } = await execute(claimFor(script), mode);
    expect(gateway.settled).toMatchObject({ outcome: "success", output: "went on\n" });
  });

  test("says why a sandbox ended before its script", async () => {
    const { gateway } = await execute(claimFor("echo x > file; kill -KILL -1; wait"), mode);
    expect(gateway.settled).toMatchObject({ reason: "command_failed", exitCode: null });
    expect(gateway.settled?.detail).toContain("kill -9 -1");
    expect(gateway.savedFile("file")).toBe("x\n");
  });

  test.runIf(isTurn(0, 2))(
    "cancelled by the platform: settled, though nothing yields",
    async () => {
      const stubborn = `trap '' TERM; ${waiting}; while :; do sleep 1; done`;
      const run = await execute(claimFor(stubborn), mode, {
        during: async (gateway, host) => {
          await started(gateway);
          host.kill("SIGTERM", "launcher");
        },
      });
      expect(run.gateway.settled).toMatchObject({ outcome: "cancelled", reason: "cancelled" });
      expect(run.gateway.savedFile("file")).toBe("partial\n");
      expect(run.exitCode).toBe(0);
      expect(run.leftovers).toEqual([]);
    },
  );

  // Saving may take two minutes, as long as this test; the platform gives ten seconds in all.
  test.runIf(isTurn(1, 2))(
    "cancelled by the platform: settled, though the store never answers",
    async () => {
      const run = await execute(claimFor(waiting), mode, {
        during: async (gateway, host) => {
          await started(gateway);
          gateway.hangsOnObjects = true;
          host.kill("SIGTERM", "launcher");
        },
      });
      expect(run.gateway.settled).toMatchObject({
        ...{ outcome: "cancelled", reason: "cancelled", workspace: { state: "not_saved" } },
      });
      expect(run.leftovers).toEqual([]);
    },
  );

  test("the supervisor is killed: the launcher ends everything and says so", async () => {
    const run = await execute(claimFor(waiting), mode, {
      during: async (gateway, host) => {
        await started(gateway);
        host.kill("SIGKILL", "supervisor");
      },
    });
    expect(run.exitCode).not.toBe(0);
    expect(run.gateway.settled).toBeUndefined();
    expect(run.leftovers).toEqual([]);
  });

  test("the launcher is killed: no process and no mount outlives it", async () => {
    const run = await execute(claimFor(waiting), mode, {
      during: async (gateway, host) => {
        await started(gateway);
        host.kill("SIGKILL", "launcher");
      },
    });
    // Empty groups and plain files are left for the host, which can remove them.
    expect(run.leftovers.filter((what) => /^(process|mount)/.test(what))).toEqual([]);
  });
});

describe("the gateway", options, () => {
  test("may refuse a stale claim: the attempt leaves quietly, nothing runs", async () => {
    const run = await execute(claimFor("echo never"), "userns", {
      prepare: (gateway) => gateway.failures.set(gatewayPaths.claim, { status: 409, times: 1 }),
    });
    expect(run.exitCode).toBe(0);
    expect(run.gateway.settled).toBeUndefined();
    expect(run.leftovers).toEqual([]);
  });

  test("may refuse a claim for good: the job fails", async () => {
    const run = await execute(claimFor("echo never"), "userns", {
      prepare: (gateway) => gateway.failures.set(gatewayPaths.claim, { status: 403, times: 9 }),
    });
    expect(run.exitCode).toBe(1);
  });

  test.runIf(isTurn(0, 2))("may stumble: claim, events and settlement are repeated", async () => {
    const run = await execute(claimFor("echo through"), "userns", {
      prepare: (gateway) => {
        for (const path of [gatewayPaths.claim, gatewayPaths.events, gatewayPaths.settle]) {
          gateway.failures.set(path, { status: 503, times: 2 });
        }
      },
    });
    expect(run.gateway.settled).toMatchObject({ reason: "completed", output: "through\n" });
    expect(run.gateway.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("may take no events for longer than a call is repeated: all are there at the end", async () => {
    const run = await execute(claimFor("echo through"), "userns", {
      prepare: (gateway) => gateway.failures.set(gatewayPaths.events, { status: 503, times: 8 }),
    });
    expect(run.gateway.settled).toMatchObject({ output: "through\n", eventsLastSequence: 3 });
    expect(run.gateway.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("may refuse events for good: settled all the same, and it says so", async () => {
    const run = await execute(claimFor("echo through"), "userns", {
      prepare: (gateway) => gateway.failures.set(gatewayPaths.events, { status: 400, times: 9 }),
    });
    const output = "through\nNot all events could be stored.\n";
    expect(run.gateway.settled).toMatchObject({ outcome: "success", output });
    // The log's readers see that it ends too early.
    expect(run.gateway.settled?.eventsLastSequence).toBeGreaterThan(run.gateway.events.length);
  });

  test.runIf(isTurn(0, 2))(
    "may not take the workspace: settled all the same, and it says so",
    async () => {
      const run = await execute(claimFor("echo x > file; echo answer"), "userns", {
        prepare: (gateway) => {
          gateway.refusesObjects = true;
        },
      });
      expect(run.gateway.settled).toMatchObject({
        outcome: "success",
        workspace: { state: "not_saved" },
      });
      expect(run.gateway.settled?.output).toBe("answer\nThe workspace could not be saved.\n");
    },
  );

  test.runIf(isTurn(1, 2))("may know a newer attempt: this one ends without settling", async () => {
    const run = await execute(claimFor(waiting, { lease: beating }), "userns", {
      during: async (gateway) => {
        await started(gateway);
        gateway.failures.set(gatewayPaths.heartbeat, { status: 409, times: 99 });
      },
    });
    expect(run.gateway.settled).toBeUndefined();
    expect(run.leftovers).toEqual([]);
  });
});
