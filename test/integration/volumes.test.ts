/** Large volumes of everything: output, events, binary bytes, files, a full disk. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { executionOf, expectSettled, replay } from "../kit/assert-settled.ts";
import { until } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { pidsOf } from "../kit/processes.ts";
import { isLong, isTurn } from "../kit/shard.ts";
import { startExecution, untilRunning } from "../kit/start-execution.ts";

const mib = 1_048_576;
/** `npm run chaos` uses larger counts. */
const fileCount = isLong ? 50_000 : 5_000;
let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner({ creditUsd: 5 });
  environmentId = await newEnvironment(owner.key);
});

/** A process's peak memory so far; 0 once it is gone. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

function textOf(events: readonly { type: string; item?: { type: string; content?: string } }[]) {
  return events.map(({ item }) => (item?.type === "text" ? item.content : "")).join("");
}

describe("output", () => {
  test.runIf(isTurn(0, 5))(
    "of a gigabyte is cut with a note, and costs the supervisor no memory",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      const script = "yes 'a line of output that nobody reads' | head -c 1000000000";
      const { executionId, over } = await startExecution(owner, threadId, script);
      await untilRunning(owner, executionId);
      const [supervisor = 0] = await pidsOf(executionId, "supervisor");
      let peak = 0;
      await until("its end", async () => {
        peak = Math.max(peak, await peakBytes(supervisor));
        return (await executionOf(owner, executionId)).endedAt !== null;
      });
      await over;
      const ended = await expectSettled(owner, executionId);
      expect(ended).toMatchObject({ reason: "output_limit", outputTruncated: true });
      expect(ended.output).toContain("cut here");
      expect(Buffer.byteLength(ended.output ?? "")).toBeLessThanOrEqual(256 * 1_024);
      console.log(`  the supervisor's memory at its peak: ${Math.round(peak / mib)} MiB`);
      expect(peak).toBeGreaterThan(0);
      expect(peak).toBeLessThan(200 * mib);
    },
  );

  test.runIf(isTurn(4, 5))(
    "that isn't text arrives as text, with what can't be told replaced",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      const script =
        "printf 'a\\xff\\xfe\\xc3b\\0c\\xe2\\x82'; head -c 20000 /dev/urandom; echo; echo end";
      const { content, run, answer } = await runScript(owner.key, threadId, script);
      expect(run.status).toBe("success");
      expect(content.startsWith("a\ufffd\ufffd\ufffdb\0c")).toBe(true);
      expect(content.endsWith("end\n")).toBe(true);
      expect(Buffer.from(answer.text).toString()).toBe(answer.text);
      await expectSettled(owner, run.id);
    },
  );

  test.runIf(isTurn(1, 5))(
    "in 3,000 small pieces over three seconds is all there, in order, and again",
    async () => {
      const threadId = await newThread(owner.key, { environmentId });
      const script =
        "for s in 1 2 3; do for i in $(seq 1000); do echo $s-$i; done; sleep 0.8; done";
      const { events, run } = await runScript(owner.key, threadId, script);
      const lines = [1, 2, 3].flatMap((s) =>
        Array.from({ length: 1_000 }, (_, i) => `${s}-${i + 1}\n`),
      );
      expect(textOf(events)).toBe(lines.join(""));
      expect(await replay(owner, run.id)).toEqual(events);
      await expectSettled(owner, run.id);
    },
  );
});

describe("a workspace", () => {
  test.runIf(isTurn(2, 5))("that is full says so, and keeps what fitted", async () => {
    const threadId = await newThread(owner.key, { environmentId: await newEnvironment(owner.key) });
    const script =
      "echo first > a.txt; while head -c 400000000 /dev/zero > f$n; do n=$((n + 1)); done; false";
    const { run } = await runScript(owner.key, threadId, script);
    expect(run).toMatchObject({ status: "failed", reason: "disk_quota" });
    await expectSettled(owner, run.id);
  });

  test.runIf(isTurn(3, 5))(
    `of ${fileCount} files is kept and comes back`,
    async () => {
      const many = await newEnvironment(owner.key);
      const threadId = await newThread(owner.key, { environmentId: many });
      const script = `seq ${fileCount} | split -l 1 -a 4 - f; ls | wc -l`;
      const made = await runScript(owner.key, threadId, script);
      expect(made.run).toMatchObject({ status: "success", workspace: "saved" });
      expect(made.content).toBe(`${fileCount}\n`);
      const counted = await runScript(
        owner.key,
        threadId,
        "ls | wc -l; cat f* | sort -n | tail -1",
      );
      expect(counted.content).toBe(`${fileCount}\n${fileCount}\n`);
      await expectSettled(owner, counted.run.id);
    },
    180_000,
  );

  test.runIf(isLong)(
    "of 2 GB is kept and comes back",
    async () => {
      const large = await newEnvironment(owner.key, { computeProfile: "power" });
      const threadId = await newThread(owner.key, { environmentId: large });
      const fill = "for n in 1 2; do head -c 1073741824 /dev/urandom > f$n; done; cat f* | md5sum";
      const made = await runScript(owner.key, threadId, fill);
      expect(made.run).toMatchObject({ status: "success", workspace: "saved" });
      const back = await runScript(owner.key, threadId, "cat f* | md5sum");
      expect(back.content).toBe(made.content);
      await expectSettled(owner, back.run.id);
    },
    600_000,
  );
});
