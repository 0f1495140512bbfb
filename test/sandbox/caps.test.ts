/** Each cap is exceeded once, and ends or bounds the execution with its own reason. */
import { describe, expect, test } from "vitest";
import type { Limits } from "#shared/protocol/runner";
import { claimFor, megabyte } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { isTurn, sharedOut } from "../kit/shard.ts";
import { modesNow } from "./support/modes-now.ts";

const options = { timeout: 120_000 };
const forkUntilRefused = `perl -e '
  while (1) { my $p = fork; exit 9 unless defined $p; if (!$p) { sleep 60; exit } }'`;
const startThreads = `python3 -c 'import threading, time
for _ in range(99): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()'`;
const openUntilRefused = `perl -e '
  my @f; while (open(my $f, "<", "/dev/null")) { push @f, $f } print scalar(@f), "\\n"; exit 5'`;

describe.each(modesNow)("EXE-5 caps in mode %s", options, (mode) => {
  const settle = async (script: string, limits: Partial<Limits> = {}) => {
    const claim = claimFor(script);
    const run = await execute({ ...claim, limits: { ...claim.limits, ...limits } }, mode);
    expect(run.leftovers).toEqual([]);
    return run.gateway;
  };

  const breaches = [
    ["memory_limit", "perl -e '$x = q(a) x 600e6'; exit $?"],
    ["process_limit", forkUntilRefused],
    ["process_limit", startThreads],
    ["disk_quota", "for i in 1 2 3 4; do head -c 12M /dev/zero > $i || exit 1; done"],
    ["disk_quota", "for i in $(seq 3000); do : > $i || exit 1; done"],
    ["disk_quota", "for i in 1 2; do head -c 12M /dev/zero > /tmp/$i || exit 1; done"],
    [
      "disk_quota",
      "for i in 1 2; do head -c 12M /dev/zero > /tmp/$i || break; done; rm /tmp/?; false",
    ],
    ["file_size_limit", "head -c 20M /dev/zero > large"],
    ["file_size_limit", `python3 -c 'open("large", "w").write("x" * 20_000_000)'`],
    ["open_files_limit", `python3 -c 'all = [open("/dev/null") for _ in range(300)]'`],
    ["open_files_limit", `node -e 'for (;;) require("fs").openSync("/dev/null")'`],
  ] as const;

  test.concurrent.for(sharedOut(breaches, 2))("%s: %s", async ([reason, script], { expect }) => {
    const { settled } = await settle(script);
    expect(settled).toMatchObject({ outcome: "failed", reason });
    expect(settled?.output).toMatch(/Failed: .*(limit|memory)/);
  });

  test.concurrent("a fork bomb ends with the execution, and takes nobody along", async ({
    expect,
  }) => {
    const gateway = await settle("bomb() { bomb | bomb & }; bomb; sleep 60", {
      wallClockMs: 2_000,
    });
    expect(gateway.settled).toMatchObject({ reason: "time_limit", outcome: "failed" });
  });

  test.concurrent("time_limit: what ignores being asked is killed, its result so far kept", async ({
    expect,
  }) => {
    const script = "trap '' TERM; echo part; echo kept > file; while :; do sleep 1; done";
    const gateway = await settle(script, { wallClockMs: 1_500 });
    expect(gateway.settled).toMatchObject({ reason: "time_limit", exitCode: 124 });
    expect(gateway.settled?.output).toMatch(/^part\n/);
    expect(gateway.savedFile("file")).toBe("kept\n");
  });

  test("open files: refused beyond the limit", async () => {
    const { settled } = await settle(openUntilRefused, { openFilesMax: 64 });
    expect(Number.parseInt(settled?.output ?? "", 10)).toBeLessThanOrEqual(64);
    expect(settled?.reason).toBe("command_failed");
  });

  test("output: cut in stream and answer, with a note, and the script goes on", async () => {
    const gateway = await settle("yes | head -c 3000000; echo end > file");
    expect(gateway.settled).toMatchObject({ reason: "completed", outputTruncated: true });
    expect(Buffer.byteLength(gateway.settled?.output ?? "")).toBeLessThanOrEqual(256 * 1024);
    expect(gateway.text().length).toBeLessThan(megabyte + 1_000);
    expect(gateway.text()).toContain("The output limit is reached");
    expect(gateway.savedFile("file")).toBe("end\n");
  });

  test("output_limit: an endless stream ends the execution", async () => {
    const { settled } = await settle("yes", { streamBytesMax: 64 * 1024 });
    expect(settled).toMatchObject({ outcome: "failed", reason: "output_limit" });
  });

  test.runIf(isTurn(0, 2))("cpu: two busy processes get what one half of a CPU gives", async () => {
    // Each spins until it has used 0.6 s, however long a busy machine takes to give it that.
    const spin = "perl -e '1 until (times)[0] + (times)[1] > 0.6'";
    const script = `began=$(date +%s%N); ${spin} & ${spin} & wait; echo $(($(date +%s%N) - began))`;
    const { settled } = await settle(script, { cpuMillis: 500 });
    expect(settled).toMatchObject({ reason: "completed" });
    // 1.2 s of half a CPU take 2.4 s, but for what the first and the last period give at once.
    expect(Number(settled?.output) / 1e9).toBeGreaterThan(2);
  });

  test("shared memory is sized", async () => {
    const { settled } = await settle(
      "head -c 20M /dev/zero > /dev/shm/x; df --output=size /dev/shm",
    );
    expect(settled?.output).toMatch(/\b16384\n/);
  });

  test.runIf(isTurn(1, 2))("zombies don't count: hundreds of orphans come and go", async () => {
    const script = "for i in $(seq 300); do (setsid true &); done; echo fine";
    const { settled } = await settle(script);
    expect(settled).toMatchObject({ reason: "completed", output: "fine\n" });
  });
});
