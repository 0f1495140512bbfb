/** The drills, as `npm run drill:restore` and `npm run drill` run them, on clouds of their own. */
import { execFile } from "node:child_process";
import { describe, expect, test } from "vitest";
import { isLong, isTurn } from "../kit/shard.ts";

const drillMs = 240_000;

async function drill(program: string, ...args: string[]) {
  const env = { ...process.env, NO_COLOR: "1" };
  // The drill must not clear this run's emulator.
  Reflect.deleteProperty(env, "FIRESTORE_EMULATOR_HOST");
  return await new Promise<{ code: unknown; output: string }>((resolve) => {
    const command = [`deploy/${program}.ts`, ...args];
    execFile(process.execPath, command, { env, timeout: drillMs }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe.runIf(isTurn(3, 6))("SEC-6 a main database that is lost and restored", () => {
  test(
    "balances, has its audit rows, and leaves dead what was shredded",
    async () => {
      const { code, output } = await drill("drill-restore");
      expect(output).not.toContain("✗");
      expect(output).toMatch(/✓ ledger:verify: .* all balanced/);
      expect(output).toMatch(/✓ every audit row has its leaf hash +\d+ rows/);
      expect(output).toMatch(/✓ SEC-6 no key that is left opens its secret +tried with all \d+/);
      expect(output).toContain("401 once revoked again");
      expect(code).toBe(0);
    },
    drillMs,
  );

  // Doubles the time only to prove that the drill would notice.
  test.runIf(isLong)(
    "fails if the keys had been backed up as well",
    async () => {
      const { code, output } = await drill("drill-restore", "--keys-too");
      expect(output).toContain("✗ SEC-6 the shredded key pair is gone");
      expect(output).toContain("✗ SEC-6 no key that is left opens its secret");
      expect(code).toBe(1);
    },
    drillMs,
  );
});

describe.runIf(isLong)("the drill of a leaked key", () => {
  test(
    "goes from the thief's first request to the closed incident",
    async () => {
      const { code, output } = await drill("drill-key-leak");
      expect(output).not.toContain("✗");
      expect(output).toContain("✓ the notice has its four parts");
      expect(code).toBe(0);
    },
    drillMs,
  );
});
