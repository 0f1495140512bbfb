/**
 * The supervisor is killed at times that a seed chooses, from start to end, and then the machine is
 * inspected. `PADDOCK_LONG=1` kills two hundred; `PADDOCK_SEED` repeats a run.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { sandboxModes } from "#shared/protocol/sandbox-mode";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute, type Host, processesOf } from "../kit/sandbox/host.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";
import { isLong } from "../kit/shard.ts";

const kills = isLong ? 200 : 6;
const parallel = 3;
const roundMsMax = 20_000;
/** The latest time of a kill; an execution that ends by itself takes about this long. */
const lifeMsMax = 1_200;
const scripts = {
  "stays and hides": 'echo "$TOKEN" >file; (trap "" TERM; setsid sleep 300 &); sleep 300',
  "writes and forks": 'i=0; while :; do i=$((i+1)); echo "$TOKEN" >"$i"; (sleep 300 &); done',
  "is soon done": 'echo "$TOKEN" | tee file /tmp/file',
  "prints without end": "yes",
};

/** Folders where an execution might have left a file unseen. */
const commonFolders = ["/tmp", "/var/tmp", "/dev/shm", "/run"];

describe("EXE-7 a supervisor that is killed", () => {
  test("keeps its memory to itself: a crash leaves no core file", async () => {
    let limits = "";
    await execute(claimFor("sleep 300"), "userns", {
      during: async (gateway, host) => {
        await gateway.until(() => gateway.claims > 0);
        limits = readFileSync(`/proc/${processesOf(host.uids.supervisor)[0]}/limits`, "utf8");
        host.kill("SIGKILL", "supervisor");
      },
    });
    // A limit of one byte means "for nobody"; with 0 the machine's crash handler would be asked.
    expect(limits).toMatch(/^Max core file size +1 +1 /m);
  });

  test("isn't ended where nobody reads its log any more", async () => {
    const { gateway, exitCode } = await execute(claimFor("echo over"), "userns", {
      during: async (_gateway, host) => {
        host.process.stdout?.destroy();
      },
    });
    expect(gateway.settled).toMatchObject({ outcome: "success" });
    expect(exitCode).toBe(0);
  });

  test(`leaves nothing behind, wherever it was: ${kills} times, seed ${seed}`, {
    timeout: kills * roundMsMax,
  }, async () => {
    const random = new SeededRandom(seed);
    const points = Array.from({ length: kills }, (_, index) => ({
      secret: `kills-canary-of-${index}.`,
      mode: random.of(sandboxModes),
      script: random.of([
        "stays and hides",
        "writes and forks",
        "is soon done",
        "prints without end",
      ]),
      afterMs: random.below(lifeMsMax),
    }));
    const left: string[] = [];
    const worker = async () => {
      for (let point = points.pop(); point !== undefined; point = points.pop()) {
        const traces = await killAt(point);
        left.push(...traces.map((trace) => `${JSON.stringify(point)}: ${trace}`));
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    expect(left).toEqual([]);
  });
});

interface Point {
  readonly secret: string;
  readonly mode: (typeof sandboxModes)[number];
  readonly script: keyof typeof scripts;
  readonly afterMs: number;
}

async function killAt({ secret, mode, script, afterMs }: Point): Promise<string[]> {
  const claim = claimFor(scripts[script], { secrets: [{ key: "TOKEN", value: secret }] });
  const run = await execute(claim, mode, {
    during: async (_gateway, host) => {
      const runs = () => processesOf(host.uids.supervisor).length > 0;
      expect(await pollUntil(runs, roundMsMax)).toBe(true);
      // The time itself is tested, so there is no event to wait for.
      await wait(afterMs);
      host.kill("SIGKILL", "supervisor");
    },
  });
  return [...run.leftovers, ...strayFiles(run.host), ...holdersOf(secret)];
}

function strayFiles({ uids }: Host): string[] {
  const own = Object.values(uids);
  return commonFolders.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => own.includes(statSync(path, { throwIfNoEntry: false })?.uid ?? -1)),
  );
}

/** Processes that have the secret in a variable or an argument. */
function holdersOf(secret: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) =>
    ["environ", "cmdline"].flatMap((file) => {
      try {
        const text = readFileSync(`/proc/${pid}/${file}`, "utf8");
        return text.includes(secret) ? [`process ${pid} knows the secret by its ${file}`] : [];
      } catch {
        return [];
      }
    }),
  );
}
