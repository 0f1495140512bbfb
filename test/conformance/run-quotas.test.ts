/** How RunJob refuses, and which faults tests can order. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Run, startRun } from "../../local/run/server.ts";
import { failure, parent, RunKit, runOptions } from "./run-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "run-quotas-"));
let run: Run;
let kit: RunKit;

beforeAll(async () => {
  run = await startRun(runOptions("quotas", folder));
  kit = new RunKit(run.port, folder);
});

afterAll(async () => {
  await kit.close();
  await run.close();
  rmSync(folder, { recursive: true });
});

describe("quotas", () => {
  test("refuse with RESOURCE_EXHAUSTED what is over them", async () => {
    const dataFolder = join(folder, "quota");
    const small = runOptions("conformance-quota", dataFolder);
    const limits = { ...small.limits, runningExecutionsMax: 1, runCallsPerMinuteMax: 2 };
    const server = await startRun({ ...small, limits });
    const over = { code: status.RESOURCE_EXHAUSTED };
    const own = new RunKit(server.port, dataFolder);
    const ran = await own.start("echo ready; sleep 60");
    expect(await failure(own.start("exit 0"))).toMatchObject(over);
    await own.executions.deleteExecution({ name: ran.name });
    await (await own.start("exit 0")).finished();
    const third = await failure(own.start("exit 0"));
    expect(third).toMatchObject({ ...over, message: expect.stringContaining("per minute") });
    await own.close();
    await server.close();
  });
});

describe("ordered faults", () => {
  test("a refused call starts nothing", async () => {
    run.faults.next({ kind: "refuse", code: status.UNAVAILABLE });
    const before = await count();
    expect(await failure(kit.start("exit 0"))).toMatchObject({ code: status.UNAVAILABLE });
    expect(await count()).toBe(before);
  });

  test("a delay holds up the call, not the others", async () => {
    run.faults.next({ kind: "delay", delayMs: 400 });
    const slow = kit.start("exit 0").then(() => "slow");
    const quick = kit.start("exit 0").then(() => "quick");
    expect(await Promise.race([slow, quick])).toBe("quick");
    expect(await slow).toBe("slow");
  });

  test("a lost answer leaves a running execution, and a double start leaves two", async () => {
    await Promise.all((await names()).map((name) => kit.executions.deleteExecution({ name })));
    run.faults.next({ kind: "loseAnswer" });
    run.faults.next({ kind: "startTwice" });
    expect(await failure(kit.start("exit 0"))).toMatchObject({ code: status.UNAVAILABLE });
    expect(await count()).toBe(1);
    await (await kit.start("exit 0")).finished();
    expect(await count()).toBe(3);
  });

  test("a container that dies at once has ended as one that was killed", async () => {
    run.faults.next({ kind: "die" });
    const { name } = await kit.start("sleep 60");
    const ended = async () => {
      const [execution] = await kit.executions.getExecution({ name });
      return execution.completionTime != null && execution.failedCount === 1;
    };
    await expect.poll(ended, { timeout: 20_000 }).toBe(true);
  });

  const names = async () => {
    const [all] = await kit.executions.listExecutions({ parent: `${parent}/jobs/runner` });
    return all.map((one) => String(one.name));
  };
  const count = async () => (await names()).length;
});
