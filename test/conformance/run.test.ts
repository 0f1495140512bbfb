/** Google's own clients against the local Cloud Run jobs server; local/run/CONFORMANCE.md. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Run, startRun } from "../../local/run/server.ts";
import { callOperations, failure, nameOf, parent, RunKit, runOptions } from "./run-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "run-conformance-"));
const options = runOptions("conformance", folder);
const lines: string[] = [];
let run: Run;
let kit: RunKit;

beforeAll(async () => {
  const onLine: typeof options.onLine = ({ stream, line }) => void lines.push(`${stream}: ${line}`);
  run = await startRun({ ...options, onLine });
  kit = new RunKit(run.port, folder);
});

afterAll(async () => {
  await kit.close();
  await run.close();
  rmSync(folder, { recursive: true });
});

describe("RunJob", () => {
  test("names the execution at once and answers with it when it has succeeded", async () => {
    const [operation] = await kit.jobs.runJob({ name: `${parent}/jobs/runner` });
    expect(nameOf(operation.metadata)).toMatch(/jobs\/runner\/executions\/runner-[0-9a-f]{5}$/);
    const [finished] = await operation.promise();
    expect(finished).toMatchObject({ succeededCount: 1, runningCount: 0, reconciling: false });
    expect(finished.completionTime).toBeTruthy();
    const { completed } = await kit.execution(String(finished.name));
    expect(completed).toMatchObject({ state: "CONDITION_SUCCEEDED" });
  });

  test("gives the container its variables and ours, and nothing of this process's", async () => {
    const ran = await kit.start("env | sort", { env: [{ name: "SHARED", value: "override" }] });
    await ran.finished();
    const names = kit
      .log(ran.id)
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    const host = ["PADDOCK_CGROUP", "PADDOCK_SANDBOX_MODE", "PADDOCK_SCRATCH", "PADDOCK_UIDS"];
    const ours = ["GCE_METADATA_HOST", ...host, "PATH"];
    // The fake program's shell adds PWD itself.
    expect(names.filter((name) => name !== "PWD")).toEqual(["FROM_JOB", ...ours, "SHARED"]);
    expect(kit.log(ran.id)).toContain("SHARED=override\n");
    expect(kit.log(ran.id)).toContain("FROM_JOB=job\n");
  });

  test.each([
    ["exit 7", { exitCode: 7, termSignal: 0 }],
    ["perl -e 'my @a; push @a, q(x) x 1e6 while 1'", { exitCode: 137 }],
  ])("a container that ends by `%s` has failed", async (script, result) => {
    const ran = await kit.start(script.startsWith("perl") ? `${script}; exit $?` : script);
    const done = await ran.finished();
    expect(done).toMatchObject({ failedCount: 1, succeededCount: 0 });
    expect(done.completed).toMatchObject({
      state: "CONDITION_FAILED",
      executionReason: "NON_ZERO_EXIT_CODE",
    });
    expect(await kit.attempt(ran.name)).toMatchObject(result);
  });

  test("a command that doesn't exist fails, and doesn't stop the server", async () => {
    const [created] = await kit.jobs.createJob({
      parent,
      jobId: "broken",
      job: jobMessage({ command: ["/no/such/program"] }),
    });
    await created.promise();
    const ran = await kit.start("", {}, "broken");
    expect(await ran.finished()).toMatchObject({ failedCount: 1 });
  });

  test("over its time limit, an execution gets SIGTERM and has failed: there is no other reason", async () => {
    const name = `${parent}/jobs/runner`;
    const args = ["trap 'echo asked; exit 124' TERM; while :; do sleep 0.05; done"];
    const [operation] = await kit.jobs.runJob({
      name,
      overrides: { timeout: { seconds: 1 }, containerOverrides: [{ args }] },
    });
    await operation.promise();
    const { completed, ...done } = await kit.execution(nameOf(operation.metadata));
    expect(done.failedCount).toBe(1);
    expect(completed).toMatchObject({ executionReason: "NON_ZERO_EXIT_CODE" });
    expect(completed?.message).toContain("timeout");
    expect(await kit.attempt(String(done.name))).toMatchObject({ exitCode: 124 });
    expect(kit.log(String(done.name).split("/").at(-1) ?? "")).toContain("asked");
  });

  test("validate_only checks the overrides and starts nothing", async () => {
    const name = `${parent}/jobs/other`;
    await kit.jobs.runJob({ name, validateOnly: true });
    const [none] = await kit.executions.listExecutions({ parent: name });
    expect(none).toEqual([]);
    const bad = kit.jobs.runJob({
      name,
      validateOnly: true,
      overrides: { timeout: { seconds: -1 } },
    });
    expect(await failure(bad)).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test.each([
    ["a job nobody made", { name: `${parent}/jobs/none` }, status.NOT_FOUND],
    ["a name that is none", { name: "runner" }, status.INVALID_ARGUMENT],
    ["several tasks", { overrides: { taskCount: 2 } }, status.UNIMPLEMENTED],
    ["a stale etag", { etag: '"old"' }, status.ABORTED],
  ])("refuses %s", async (_, request, code) => {
    const call = kit.jobs.runJob({ name: `${parent}/jobs/runner`, ...request });
    expect(await failure(call)).toMatchObject({ code });
  });

  test("keeps at most its limit of a container's log", async () => {
    const ran = await kit.start("i=0; while [ $i -lt 500 ]; do echo line-$i; i=$((i+1)); done");
    await ran.finished();
    expect(kit.log(ran.id).length).toBeLessThan(2_100);
    expect(kit.log(ran.id)).toContain("the rest of the log was dropped");
  });

  test("passes each line to its collector", async () => {
    const ran = await kit.start("echo to-out; echo to-err >&2; printf unended");
    await ran.finished();
    expect(lines).toEqual(
      expect.arrayContaining(["stdout: to-out", "stderr: to-err", "stdout: unended"]),
    );
  });
});

describe("CancelExecution", () => {
  const patient = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";

  test("asks with SIGTERM; the execution is cancelled, whatever it answered", async () => {
    const ran = await kit.start(patient);
    await kit.printed(ran.id, "ready");
    const [operation] = await kit.executions.cancelExecution({ name: ran.name });
    expect(operation.metadata).toMatchObject({ runningCount: 1 });
    const [cancelled] = await operation.promise();
    expect(cancelled).toMatchObject({ cancelledCount: 1, failedCount: 0, runningCount: 0 });
    const { completed } = await kit.execution(ran.name);
    expect(completed).toMatchObject({ state: "CONDITION_FAILED", executionReason: "CANCELLED" });
  });

  test("shows CANCELLING until then, and kills what doesn't listen after the grace", async () => {
    const ran = await kit.start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    await kit.printed(ran.id, "ready");
    await kit.executions.cancelExecution({ name: ran.name });
    const { completed } = await kit.execution(ran.name);
    expect(completed).toMatchObject({ executionReason: "CANCELLING" });
    expect(await ran.finished()).toMatchObject({ cancelledCount: 1 });
    expect(await kit.attempt(ran.name)).toMatchObject({ termSignal: 9 });
  });

  // A container's PID 1 has no default action for SIGTERM: one sent too early would be lost.
  test("reaches a container that doesn't listen yet, as soon as it does", async () => {
    const ran = await kit.start(`sleep 0.3; ${patient}`);
    const [operation] = await kit.executions.cancelExecution({ name: ran.name });
    await operation.promise();
    expect(await kit.attempt(ran.name)).toMatchObject({ exitCode: 0, termSignal: 0 });
  });

  test("of a completed execution is refused", async () => {
    const ran = await kit.start("exit 0");
    await ran.finished();
    const call = kit.executions.cancelExecution({ name: ran.name });
    expect(await failure(call)).toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe("DeleteExecution", () => {
  test("stops a running one and forgets it", async () => {
    const ran = await kit.start("echo ready; sleep 60");
    await kit.printed(ran.id, "ready");
    await kit.executions.deleteExecution({ name: ran.name });
    const call = kit.executions.getExecution({ name: ran.name });
    expect(await failure(call)).toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("ListExecutions", () => {
  test("pages newest first, and `-` is every job", async () => {
    const first = await kit.start("exit 0", {}, "other");
    const second = await kit.start("exit 0", {}, "other");
    await Promise.all([first.finished(), second.finished()]);
    const list = { parent: `${parent}/jobs/other`, pageSize: 1 };
    const [page, , reply] = await kit.executions.listExecutions(list, { autoPaginate: false });
    expect(page.map((one) => one.name)).toEqual([second.name]);
    const next = { ...list, pageToken: reply.nextPageToken ?? "" };
    const [rest] = await kit.executions.listExecutions(next, { autoPaginate: false });
    expect(rest.map((one) => one.name)).toEqual([first.name]);
    const [all] = await kit.executions.listExecutions({ parent: `${parent}/jobs/-` });
    expect(all[0]?.name).toBe(second.name);
    expect(all.length).toBeGreaterThan(2);
  });

  test("keeps a bounded number of completed executions per job", async () => {
    for (let round = 0; round < 14; round += 1) {
      await (await kit.start("exit 0", {}, "other")).finished();
    }
    const [all] = await kit.executions.listExecutions({ parent: `${parent}/jobs/other` });
    expect(all).toHaveLength(12);
  });
});

describe("Jobs", () => {
  test("are created, read and listed", async () => {
    const job = jobMessage({ command: ["/bin/true"] });
    const [operation] = await kit.jobs.createJob({ parent, jobId: "made", job });
    const [created] = await operation.promise();
    expect(created.name).toBe(`${parent}/jobs/made`);
    const [read] = await kit.jobs.getJob({ name: `${parent}/jobs/made` });
    expect(read.template?.template?.containers?.[0]).toMatchObject({
      command: ["/bin/true"],
      resources: { limits: { cpu: "1000m", memory: String(512 * 2 ** 20) } },
    });
    const [listed] = await kit.jobs.listJobs({ parent });
    expect(listed.map((one) => one.name)).toContain(`${parent}/jobs/made`);
    const again = kit.jobs.createJob({ parent, jobId: "made", job });
    expect(await failure(again)).toMatchObject({ code: status.ALREADY_EXISTS });
  });

  test.each([
    ["retries", { maxRetries: 3 }, {}],
    ["several containers", { containers: [{ image: "a" }, { image: "b" }] }, {}],
    ["volumes", { volumes: [{ name: "v" }] }, {}],
    ["secrets as variables", {}, { env: [{ name: "S", valueSource: { secretKeyRef: {} } }] }],
  ])("with %s aren't offered", async (_, template, container) => {
    const job = jobMessage({ command: ["/bin/true"], ...container }, template);
    const call = kit.jobs.createJob({ parent, jobId: "refused", job });
    expect(await failure(call)).toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

function jobMessage(container: object, template: object = {}) {
  const containers = [{ image: "local", ...container }];
  return { template: { template: { containers, maxRetries: 0, ...template } } };
}

describe("Operations", () => {
  const begin = async (script: string) => {
    const overrides = { containerOverrides: [{ args: [script] }] };
    const [operation] = await kit.jobs.runJob({ name: `${parent}/jobs/runner`, overrides });
    return String(operation.name);
  };

  test("can be waited for, up to a deadline", async () => {
    const name = await begin("sleep 0.5");
    const early = { name, timeout: { seconds: 0, nanos: 1e6 } };
    expect(await callOperations(run.port, "WaitOperation", early)).not.toHaveProperty("response");
    const done = await callOperations(run.port, "WaitOperation", { name });
    expect(done).toMatchObject({ name, done: true, response: { value: expect.anything() } });
  });

  test("are listed newest first; an unknown one is NOT_FOUND", async () => {
    const names = [await begin("exit 0"), await begin("exit 0")];
    const { operations } = await callOperations(run.port, "ListOperations", { pageSize: 2 });
    expect(operations).toMatchObject([{ name: names[1] }, { name: names[0] }]);
    const call = callOperations(run.port, "WaitOperation", { name: `${parent}/operations/none` });
    expect(await failure(call)).toMatchObject({ code: status.NOT_FOUND });
  });
});
