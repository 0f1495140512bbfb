/** Google's own clients against the local Cloud Run jobs server; local/run/CONFORMANCE.md. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v2 } from "@google-cloud/run";
import { credentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mountsUnder, processesOf } from "../../local/run/leftovers.ts";
import { type Run, type RunOptions, startRun } from "../../local/run/server.ts";
import { until } from "../../local/run/until.ts";

const parent = "projects/p/locations/us-central1";
const folder = mkdtempSync(join(tmpdir(), "run-conformance-"));
const lines: string[] = [];

/** A stand-in for the runner: the first argument is the script. */
const shellJob = (id: string): RunOptions["jobs"][number] => ({
  id,
  image: "local",
  command: ["/bin/sh", "-c"],
  args: ["exit 0"],
  environment: { FROM_JOB: "job", SHARED: "job" },
  cpuMillis: 1_000,
  memoryBytes: 64 * 1024 * 1024,
  timeoutMs: 60_000,
  serviceAccount: "runner@p.iam.gserviceaccount.com",
});

const options: RunOptions = {
  cloudId: "conformance",
  projectId: "p",
  region: "us-central1",
  dataFolder: folder,
  metadataHost: "127.0.0.1:1",
  jobs: [shellJob("runner"), shellJob("other")],
  limits: { graceMs: 700, completedKeptMax: 12, logBytesMax: 2_000 },
  onLine: ({ stream, line }) => void lines.push(`${stream}: ${line}`),
};

process.env.METADATA_SERVER_DETECTION = "none";
let run: Run;
let jobs: v2.JobsClient;
let executions: v2.ExecutionsClient;
let tasks: v2.TasksClient;

function connect(port: number) {
  const sslCreds = credentials.createInsecure();
  const client = { apiEndpoint: "127.0.0.1", port, sslCreds, projectId: "p" };
  jobs = new v2.JobsClient(client);
  executions = new v2.ExecutionsClient(client);
  tasks = new v2.TasksClient(client);
}

async function disconnect() {
  await Promise.all([jobs.close(), executions.close(), tasks.close()]);
}

beforeAll(async () => {
  run = await startRun(options);
  connect(run.port);
});

afterAll(async () => {
  await disconnect();
  await run.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly name: string;
  readonly id: string;
  readonly finished: () => Promise<Awaited<ReturnType<typeof execution>>>;
}

async function start(script: string, overrides: object = {}, job = "runner"): Promise<Ran> {
  const containerOverrides = [{ args: [script], ...overrides }];
  const [operation] = await jobs.runJob({
    name: `${parent}/jobs/${job}`,
    overrides: { containerOverrides },
  });
  const name = nameOf(operation.metadata);
  const finished = async () => {
    await operation.promise();
    return execution(name);
  };
  return { name, id: name.slice(name.lastIndexOf("/") + 1), finished };
}

function nameOf(metadata: unknown): string {
  expect(metadata).toHaveProperty("name");
  const { name } = Object(metadata);
  return String(name);
}

async function execution(name: string) {
  const [found] = await executions.getExecution({ name });
  const completed = found.conditions?.find((condition) => condition.type === "Completed");
  return { ...found, completed };
}

async function attempt(name: string) {
  const [[task]] = await tasks.listTasks({ parent: name });
  return task?.lastAttemptResult;
}

/** What tries hardest to outlive its container: sessions of their own, root's and the sandbox's. */
const daemons = `
  uid=\${PADDOCK_UIDS#*:}
  setsid setpriv --reuid $uid --regid $uid --clear-groups sleep 1000 &
  setsid sh -c 'sleep 1000 & exit' &`;

const logOf = (id: string) => readFileSync(join(folder, "logs", `${id}.log`), "utf8");
const printed = (id: string, text: string) =>
  until(() => existsSync(join(folder, "logs", `${id}.log`)) && logOf(id).includes(text), 5_000);

async function failure(call: Promise<unknown>): Promise<{ code: number; message: string }> {
  const { code, message } = Object(
    await call.then(
      () => ({}),
      (refusal: unknown) => refusal,
    ),
  );
  return { code, message };
}

describe("RunJob", () => {
  test("names the execution at once and answers with it when it has succeeded", async () => {
    const [operation] = await jobs.runJob({ name: `${parent}/jobs/runner` });
    expect(nameOf(operation.metadata)).toMatch(/jobs\/runner\/executions\/runner-[0-9a-f]{5}$/);
    const [finished] = await operation.promise();
    expect(finished).toMatchObject({ succeededCount: 1, runningCount: 0, reconciling: false });
    expect(finished.completionTime).toBeTruthy();
    const { completed } = await execution(String(finished.name));
    expect(completed).toMatchObject({ state: "CONDITION_SUCCEEDED" });
  });

  test("gives the container its variables and ours, and nothing of this process's", async () => {
    const ran = await start("env | sort", { env: [{ name: "SHARED", value: "override" }] });
    await ran.finished();
    const names = logOf(ran.id)
      .trim()
      .split("\n")
      .map((line) => line.split("=")[0]);
    const ours = ["GCE_METADATA_HOST", "PADDOCK_CGROUP", "PADDOCK_SCRATCH", "PADDOCK_UIDS", "PATH"];
    // The shell of the stand-in adds PWD by itself.
    expect(names.filter((name) => name !== "PWD")).toEqual(["FROM_JOB", ...ours, "SHARED"]);
    expect(logOf(ran.id)).toContain("SHARED=override\n");
    expect(logOf(ran.id)).toContain("FROM_JOB=job\n");
  });

  test.each([
    ["exit 7", { exitCode: 7, termSignal: 0 }],
    ["perl -e 'my @a; push @a, q(x) x 1e6 while 1'", { exitCode: 137 }],
  ])("a container that ends by `%s` has failed", async (script, result) => {
    const ran = await start(script.startsWith("perl") ? `${script}; exit $?` : script);
    const done = await ran.finished();
    expect(done).toMatchObject({ failedCount: 1, succeededCount: 0 });
    expect(done.completed).toMatchObject({
      state: "CONDITION_FAILED",
      executionReason: "NON_ZERO_EXIT_CODE",
    });
    expect(await attempt(ran.name)).toMatchObject(result);
  });

  test("a command that doesn't exist fails, and doesn't stop the server", async () => {
    const [created] = await jobs.createJob({
      parent,
      jobId: "broken",
      job: jobMessage({ command: ["/no/such/program"] }),
    });
    await created.promise();
    const ran = await start("", {}, "broken");
    expect(await ran.finished()).toMatchObject({ failedCount: 1 });
  });

  test("over its time limit, an execution gets SIGTERM and has failed: there is no other reason", async () => {
    const name = `${parent}/jobs/runner`;
    const args = ["trap 'echo asked; exit 124' TERM; while :; do sleep 0.05; done"];
    const [operation] = await jobs.runJob({
      name,
      overrides: { timeout: { seconds: 1 }, containerOverrides: [{ args }] },
    });
    await operation.promise();
    const { completed, ...done } = await execution(nameOf(operation.metadata));
    expect(done.failedCount).toBe(1);
    expect(completed).toMatchObject({ executionReason: "NON_ZERO_EXIT_CODE" });
    expect(completed?.message).toContain("timeout");
    expect(await attempt(String(done.name))).toMatchObject({ exitCode: 124 });
    expect(logOf(String(done.name).split("/").at(-1) ?? "")).toContain("asked");
  });

  test("validate_only checks the overrides and starts nothing", async () => {
    const name = `${parent}/jobs/other`;
    await jobs.runJob({ name, validateOnly: true });
    const [none] = await executions.listExecutions({ parent: name });
    expect(none).toEqual([]);
    const bad = jobs.runJob({ name, validateOnly: true, overrides: { timeout: { seconds: -1 } } });
    expect(await failure(bad)).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test.each([
    ["a job nobody made", { name: `${parent}/jobs/none` }, status.NOT_FOUND],
    ["a name that is none", { name: "runner" }, status.INVALID_ARGUMENT],
    ["several tasks", { overrides: { taskCount: 2 } }, status.UNIMPLEMENTED],
    ["a stale etag", { etag: '"old"' }, status.ABORTED],
  ])("refuses %s", async (_, request, code) => {
    const call = jobs.runJob({ name: `${parent}/jobs/runner`, ...request });
    expect(await failure(call)).toMatchObject({ code });
  });

  test("keeps at most its limit of a container's log", async () => {
    const ran = await start("i=0; while [ $i -lt 500 ]; do echo line-$i; i=$((i+1)); done");
    await ran.finished();
    expect(logOf(ran.id).length).toBeLessThan(2_100);
    expect(logOf(ran.id)).toContain("the rest of the log was dropped");
  });

  test("hands each line to whoever collects them", async () => {
    const ran = await start("echo to-out; echo to-err >&2; printf unended");
    await ran.finished();
    expect(lines).toEqual(
      expect.arrayContaining(["stdout: to-out", "stderr: to-err", "stdout: unended"]),
    );
  });
});

describe("CancelExecution", () => {
  const patient = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";

  test("asks with SIGTERM; the execution is cancelled, whatever it answered", async () => {
    const ran = await start(patient);
    await printed(ran.id, "ready");
    const [operation] = await executions.cancelExecution({ name: ran.name });
    expect(operation.metadata).toMatchObject({ runningCount: 1 });
    const [cancelled] = await operation.promise();
    expect(cancelled).toMatchObject({ cancelledCount: 1, failedCount: 0, runningCount: 0 });
    const { completed } = await execution(ran.name);
    expect(completed).toMatchObject({ state: "CONDITION_FAILED", executionReason: "CANCELLED" });
  });

  test("shows CANCELLING until then, and kills what doesn't listen after the grace", async () => {
    const ran = await start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
    await printed(ran.id, "ready");
    await executions.cancelExecution({ name: ran.name });
    const { completed } = await execution(ran.name);
    expect(completed).toMatchObject({ executionReason: "CANCELLING" });
    expect(await ran.finished()).toMatchObject({ cancelledCount: 1 });
    expect(await attempt(ran.name)).toMatchObject({ termSignal: 9 });
  });

  // A container's PID 1 has no default action for SIGTERM: one sent too early would be lost.
  test("reaches a container that doesn't listen yet, as soon as it does", async () => {
    const ran = await start(`sleep 0.3; ${patient}`);
    const [operation] = await executions.cancelExecution({ name: ran.name });
    await operation.promise();
    expect(await attempt(ran.name)).toMatchObject({ exitCode: 0, termSignal: 0 });
  });

  test("of a completed execution is refused", async () => {
    const ran = await start("exit 0");
    await ran.finished();
    const call = executions.cancelExecution({ name: ran.name });
    expect(await failure(call)).toMatchObject({ code: status.FAILED_PRECONDITION });
  });
});

describe("DeleteExecution", () => {
  test("stops a running one and forgets it", async () => {
    const ran = await start("echo ready; sleep 60");
    await printed(ran.id, "ready");
    await executions.deleteExecution({ name: ran.name });
    const call = executions.getExecution({ name: ran.name });
    expect(await failure(call)).toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("ListExecutions", () => {
  test("pages newest first, and `-` is every job", async () => {
    const first = await start("exit 0", {}, "other");
    const second = await start("exit 0", {}, "other");
    await Promise.all([first.finished(), second.finished()]);
    const list = { parent: `${parent}/jobs/other`, pageSize: 1 };
    const [page, , reply] = await executions.listExecutions(list, { autoPaginate: false });
    expect(page.map((one) => one.name)).toEqual([second.name]);
    const next = { ...list, pageToken: reply.nextPageToken ?? "" };
    const [rest] = await executions.listExecutions(next, { autoPaginate: false });
    expect(rest.map((one) => one.name)).toEqual([first.name]);
    const [all] = await executions.listExecutions({ parent: `${parent}/jobs/-` });
    expect(all[0]?.name).toBe(second.name);
    expect(all.length).toBeGreaterThan(2);
  });

  test("keeps a bounded number of completed executions per job", async () => {
    for (let round = 0; round < 14; round += 1) {
      await (await start("exit 0", {}, "other")).finished();
    }
    const [all] = await executions.listExecutions({ parent: `${parent}/jobs/other` });
    expect(all).toHaveLength(12);
  });
});

describe("Jobs", () => {
  test("are created, read and listed", async () => {
    const job = jobMessage({ command: ["/bin/true"] });
    const [operation] = await jobs.createJob({ parent, jobId: "made", job });
    const [created] = await operation.promise();
    expect(created.name).toBe(`${parent}/jobs/made`);
    const [read] = await jobs.getJob({ name: `${parent}/jobs/made` });
    expect(read.template?.template?.containers?.[0]).toMatchObject({
      command: ["/bin/true"],
      resources: { limits: { cpu: "1000m", memory: String(512 * 2 ** 20) } },
    });
    const [listed] = await jobs.listJobs({ parent });
    expect(listed.map((one) => one.name)).toContain(`${parent}/jobs/made`);
    const again = jobs.createJob({ parent, jobId: "made", job });
    expect(await failure(again)).toMatchObject({ code: status.ALREADY_EXISTS });
  });

  test.each([
    ["retries", { maxRetries: 3 }, {}],
    ["several containers", { containers: [{ image: "a" }, { image: "b" }] }, {}],
    ["volumes", { volumes: [{ name: "v" }] }, {}],
    ["secrets as variables", {}, { env: [{ name: "S", valueSource: { secretKeyRef: {} } }] }],
  ])("with %s aren't offered", async (_, template, container) => {
    const job = jobMessage({ command: ["/bin/true"], ...container }, template);
    const call = jobs.createJob({ parent, jobId: "refused", job });
    expect(await failure(call)).toMatchObject({ code: status.UNIMPLEMENTED });
  });
});

function jobMessage(container: object, template: object = {}) {
  const containers = [{ image: "local", ...container }];
  return { template: { template: { containers, maxRetries: 0, ...template } } };
}

describe("quotas", () => {
  test("refuse with RESOURCE_EXHAUSTED what is over them", async () => {
    const second = await startRun({
      ...options,
      cloudId: "conformance-quota",
      dataFolder: join(folder, "quota"),
      limits: { ...options.limits, runningExecutionsMax: 1, runCallsPerMinuteMax: 2 },
    });
    await disconnect();
    connect(second.port);
    const ran = await start("echo ready; sleep 60");
    const over = { code: status.RESOURCE_EXHAUSTED };
    expect(await failure(start("exit 0"))).toMatchObject(over);
    await executions.deleteExecution({ name: ran.name });
    await (await start("exit 0")).finished();
    const third = await failure(start("exit 0"));
    expect(third).toMatchObject({ ...over, message: expect.stringContaining("per minute") });
    await disconnect();
    await second.close();
    connect(run.port);
  });
});

describe("ordered faults", () => {
  test("a refused call starts nothing", async () => {
    run.faults.next({ kind: "refuse", code: status.UNAVAILABLE });
    const before = await count();
    expect(await failure(start("exit 0"))).toMatchObject({ code: status.UNAVAILABLE });
    expect(await count()).toBe(before);
  });

  test("a lost answer leaves a running execution, and a double start leaves two", async () => {
    await Promise.all((await names()).map((name) => executions.deleteExecution({ name })));
    run.faults.next({ kind: "loseAnswer" });
    run.faults.next({ kind: "startTwice" });
    expect(await failure(start("exit 0"))).toMatchObject({ code: status.UNAVAILABLE });
    expect(await count()).toBe(1);
    await (await start("exit 0")).finished();
    expect(await count()).toBe(3);
  });

  const names = async () => {
    const [all] = await executions.listExecutions({ parent: `${parent}/jobs/runner` });
    return all.map((one) => String(one.name));
  };
  const count = async () => (await names()).length;
});

describe("EXE-7 what an execution leaves behind", () => {
  const untidy = `
    echo "$PADDOCK_UIDS"
    mkdir "$PADDOCK_SCRATCH/m" && mount -t tmpfs none "$PADDOCK_SCRATCH/m" && echo x > "$PADDOCK_SCRATCH/m/f"
    for root in /sys/fs/cgroup/memory /sys/fs/cgroup/pids /sys/fs/cgroup; do
      [ -e $root/$PADDOCK_CGROUP ] && mkdir $root/$PADDOCK_CGROUP/sandbox && echo made
    done
    ${daemons}
    echo ready`;

  test.each([
    ["ends", `${untidy}; exit 0`],
    ["is cancelled", `${untidy}; sleep 60`],
  ])("when it %s: no process, mount, cgroup or file", async (how, script) => {
    const ran = await start(script);
    await printed(ran.id, "ready");
    if (how === "is cancelled") await executions.cancelExecution({ name: ran.name });
    await ran.finished();
    expect(logOf(ran.id)).toContain("made");
    await nothingIsLeft(ran.id);
  });

  async function nothingIsLeft(id: string) {
    const firstUid = Number(logOf(id).split(":")[0]);
    expect(firstUid).toBeGreaterThan(60_000);
    expect(await processesOf({ firstUid, count: 2 })).toEqual([]);
    expect(await mountsUnder(`/run/paddock-conformance/${id}`)).toEqual([]);
    expect(existsSync(`/run/paddock-conformance/${id}`)).toBe(false);
    for (const root of readdirSync("/sys/fs/cgroup")) {
      expect(existsSync(`/sys/fs/cgroup/${root}/paddock-conformance/${id}`)).toBe(false);
    }
  }

  test("two executions at once have users and groups of their own", async () => {
    const script = "echo $PADDOCK_UIDS $PADDOCK_CGROUP $PADDOCK_SCRATCH; sleep 0.2";
    const both = await Promise.all([start(script), start(script)]);
    await Promise.all(both.map((ran) => ran.finished()));
    const [one, two] = both.map((ran) => logOf(ran.id).trim().split(/[\s:]/));
    expect(one?.filter((part) => two?.includes(part))).toEqual([]);
  });

  test("limits hold for the container as a whole", async () => {
    const script = `
      cat /sys/fs/cgroup/memory/$PADDOCK_CGROUP/memory.limit_in_bytes /sys/fs/cgroup/pids/$PADDOCK_CGROUP/pids.max ||
      cat /sys/fs/cgroup/$PADDOCK_CGROUP/memory.max /sys/fs/cgroup/$PADDOCK_CGROUP/pids.max`;
    const ran = await start(script);
    await ran.finished();
    expect(logOf(ran.id)).toContain(`${64 * 1024 * 1024}\n4096\n`);
  });

  test("its scratch directory is root's alone", async () => {
    const ran = await start('stat -c %a:%u "$PADDOCK_SCRATCH"');
    await ran.finished();
    expect(logOf(ran.id)).toBe("700:0\n");
  });
});

describe("a server that starts again", () => {
  test("after SIGKILL finds no process of its containers alive, and sweeps the rest", async () => {
    const own = { ...options, cloudId: "conformance-killed", dataFolder: join(folder, "killed") };
    const host = spawn(process.execPath, ["test/conformance/run-host.ts", JSON.stringify(own)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = await once(host.stdout, "data");
    await disconnect();
    connect(Number(port));
    const ran = await start(
      `${daemons} mkdir $PADDOCK_SCRATCH/left; echo $PADDOCK_UIDS ready; sleep 60`,
    );
    const log = join(own.dataFolder, "logs", `${ran.id}.log`);
    await until(() => existsSync(log) && readFileSync(log, "utf8").includes("ready"), 5_000);
    const group = `paddock-conformance-killed/${ran.id}`;
    const pidsFile = ["memory/", ""].map(
      (root) => `/sys/fs/cgroup/${root}${group}/container/cgroup.procs`,
    );
    const pids = () =>
      pidsFile
        .filter(existsSync)
        .map((file) => readFileSync(file, "utf8"))
        .join("");
    expect(pids().trim().split("\n").length).toBeGreaterThan(4);

    host.kill("SIGKILL");
    expect(await until(() => pids() === "", 2_000)).toBe(true);
    const firstUid = Number(readFileSync(log, "utf8").split(":")[0]);
    expect(await processesOf({ firstUid, count: 2 })).toEqual([]);
    expect(existsSync(`/run/${group}`)).toBe(true);

    const again = await startRun(own);
    expect(existsSync(`/run/${group}`)).toBe(false);
    expect(pidsFile.some(existsSync)).toBe(false);
    await disconnect();
    connect(again.port);
    expect(await execution(ran.name)).toMatchObject({ failedCount: 1, runningCount: 0 });
    await disconnect();
    await again.close();
    connect(run.port);
  });

  test("still knows what completed", async () => {
    const ran = await start("exit 5");
    await ran.finished();
    await disconnect();
    await run.close();
    run = await startRun(options);
    connect(run.port);
    expect(await execution(ran.name)).toMatchObject({ failedCount: 1 });
  });
});
