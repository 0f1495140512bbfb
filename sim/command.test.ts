// @module-tag slow
/** `npm run sim` as a user types it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { isTurn, sharedOut } from "../test/kit/shard.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function sim(...options: string[]): Promise<Ended> {
  const command = [join(repositoryRoot, "sim", "main.ts"), ...options];
  const env = { ...process.env, NO_COLOR: "1" };
  return await promisify(execFile)(process.execPath, command, { env, timeout: 60_000 }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const little = ["--scale", "1", "--executions-per-day", "200", "--owners", "5"];

test.runIf(isTurn(0, 2))("the same options give the same day", { timeout: 60_000 }, async () => {
  const [one, again] = await Promise.all([
    sim(...little, "--json", "--seed", "7"),
    sim(...little, "--json", "--seed", "7"),
  ]);
  const [day] = JSON.parse(one.stdout);
  expect(day).toMatchObject({ scale: 1, scenario: { seed: 7, regions: 1 }, firstBreak: null });
  expect(day.started + day.givenUp + (day.refused.RATE_LIMITED ?? 0)).toBe(day.arrived);
  expect(again.stdout).toBe(one.stdout);
});

test.runIf(isTurn(1, 2))(
  "the output names the seed, what breaks first and what it costs",
  {
    timeout: 60_000,
  },
  async () => {
    const { stdout } = await sim(...little);
    expect(stdout).toMatch(/--seed 1\n/);
    for (const part of ["wait to start, p99", "RunJob calls", "What breaks first", "costs"]) {
      expect(stdout).toContain(part);
    }
    expect(stdout.split("\n").filter((line) => line.length > 100)).toEqual([]);
  },
);

const mistakes = [
  ["--scale", "x"],
  ["--owners", "0"],
  ["--regions", "1.5"],
  ["--nonsense", "1"],
] as const;

test.each(sharedOut(mistakes, 2))(
  "%s %s is refused in a sentence",
  { timeout: 60_000 },
  async (option, value) => {
    const { code, stdout, stderr } = await sim(option, value);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(option);
    expect(stderr).not.toMatch(/\n\s+at /);
  },
);
