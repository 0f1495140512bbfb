/** What a container gets, and that nothing of it is left, however it ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockName } from "../../local/cloud/name-lock.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { mountsUnder, processesOf } from "../../local/run/cleanup.ts";
import { type Run, startRun } from "../../local/run/server.ts";
import { daemons, RunKit, runOptions } from "./run-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "run-containers-"));
const cloudId = "containers";
const options = runOptions(cloudId, folder);
let run: Run;
let kit: RunKit;

beforeAll(async () => {
  run = await startRun(options);
  kit = new RunKit(run.port, folder);
});

afterAll(async () => {
  await kit.close();
  await run.close();
  rmSync(folder, { recursive: true });
});

describe("EXE-1 one container per execution", () => {
  const script = "echo $PADDOCK_UIDS $PADDOCK_CGROUP $PADDOCK_SCRATCH; sleep 0.2";
  const given = (id: string) => kit.log(id).trim().split(/[\s:]/);

  test("two at once share no user, group or folder, and the next one has others again", async () => {
    const both = await Promise.all([kit.start(script), kit.start(script)]);
    await Promise.all(both.map((ran) => ran.finished()));
    const next = await kit.start(script);
    await next.finished();
    const all = [...both, next].flatMap(({ id }) => given(id));
    expect(all).toHaveLength(12);
    expect(new Set(all).size).toBe(12);
  });
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
    const ran = await kit.start(script);
    await kit.printed(ran.id, "ready");
    if (how === "is cancelled") await kit.executions.cancelExecution({ name: ran.name });
    await ran.finished();
    expect(kit.log(ran.id)).toContain("made");
    await nothingIsLeft(ran.id);
  });

  async function nothingIsLeft(id: string) {
    const firstUid = Number(kit.log(id).split(":")[0]);
    expect(firstUid).toBeGreaterThan(60_000);
    expect(await processesOf({ firstUid, count: 2 })).toEqual([]);
    expect(await mountsUnder(`/run/paddock-containers/${id}`)).toEqual([]);
    expect(existsSync(`/run/paddock-containers/${id}`)).toBe(false);
    for (const root of readdirSync("/sys/fs/cgroup")) {
      expect(existsSync(`/sys/fs/cgroup/${root}/paddock-containers/${id}`)).toBe(false);
    }
  }

  test("limits hold for the container as a whole", async () => {
    const script = `
      cat /sys/fs/cgroup/memory/$PADDOCK_CGROUP/memory.limit_in_bytes /sys/fs/cgroup/pids/$PADDOCK_CGROUP/pids.max ||
      cat /sys/fs/cgroup/$PADDOCK_CGROUP/memory.max /sys/fs/cgroup/$PADDOCK_CGROUP/pids.max`;
    const ran = await kit.start(script);
    await ran.finished();
    expect(kit.log(ran.id)).toContain(`${64 * 1024 * 1024}\n4096\n`);
  });

  test("its scratch directory is root's alone", async () => {
    const ran = await kit.start('stat -c %a:%u "$PADDOCK_SCRATCH"');
    await ran.finished();
    expect(kit.log(ran.id)).toBe("700:0\n");
  });
});

describe("a server that starts again", () => {
  const groupFile = (root: string, id: string) =>
    `/sys/fs/cgroup/${root}paddock-containers-killed/${id}/container/cgroup.procs`;
  const groupFiles = (id: string) => ["memory/", ""].map((root) => groupFile(root, id));
  const pidsOf = (id: string) =>
    groupFiles(id)
      .filter(existsSync)
      .flatMap((file) => readFileSync(file, "utf8").trim().split("\n").filter(Boolean));

  test("after SIGKILL finds no process of its containers alive, and sweeps the rest", async () => {
    const own = runOptions("containers-killed", join(folder, "killed"));
    const host = spawn(process.execPath, ["test/conformance/run-host.ts", JSON.stringify(own)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = await once(host.stdout, "data");
    const before = new RunKit(Number(port), own.dataFolder);
    const script = `${daemons} mkdir $PADDOCK_SCRATCH/left; echo $PADDOCK_UIDS ready; sleep 60`;
    const ran = await before.start(script);
    await before.printed(ran.id, "ready");
    await before.close();
    expect(pidsOf(ran.id).length).toBeGreaterThan(4);

    host.kill("SIGKILL");
    expect(await pollUntil(() => pidsOf(ran.id).length === 0, 60_000)).toBe(true);
    const firstUid = Number(before.log(ran.id).split(":")[0]);
    expect(await processesOf({ firstUid, count: 2 })).toEqual([]);
    const scratch = `/run/paddock-containers-killed/${ran.id}`;
    expect(existsSync(scratch)).toBe(true);

    const again = await startRun(own);
    expect(existsSync(scratch)).toBe(false);
    expect(groupFiles(ran.id).some(existsSync)).toBe(false);
    const after = new RunKit(again.port, own.dataFolder);
    expect(await after.execution(ran.name)).toMatchObject({ failedCount: 1, runningCount: 0 });
    await after.close();
    await again.close();
  });

  test("sweeps what others left that were killed, and nothing of those that live", async () => {
    const dead = "/run/paddock-containers-dead";
    mkdirSync(join(dead, "left"), { recursive: true });
    const ran = await kit.start("echo ready; sleep 60");
    await kit.printed(ran.id, "ready");
    const other = await startRun(runOptions("containers-other", join(folder, "other")));
    await other.close();
    expect(existsSync(dead)).toBe(false);
    expect(await kit.execution(ran.name)).toMatchObject({ runningCount: 1 });
    expect(existsSync(`/run/paddock-${cloudId}/${ran.id}`)).toBe(true);
    await kit.executions.deleteExecution({ name: ran.name });
  });

  test("still knows what completed", async () => {
    const ran = await kit.start("exit 5");
    await ran.finished();
    await kit.close();
    await run.close();
    run = await startRun(options);
    kit = new RunKit(run.port, folder);
    expect(await kit.execution(ran.name)).toMatchObject({ failedCount: 1 });
  });
});

test("a cloud that starts waits for another one that removes what it left", async () => {
  const sweeping = await lockName("run-returning");
  const starting = startRun(runOptions("returning", join(folder, "returning")));
  let isUp = false;
  void starting.then(() => {
    isUp = true;
  });
  // It can't tell the sweep from a cloud that stays, so only time tells.
  await new Promise((resolve) => setImmediate(resolve));
  expect(isUp).toBe(false);
  sweeping?.release();
  await (await starting).close();
});
