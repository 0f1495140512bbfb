/** The restore drill, as `npm run drill:restore` runs it, on its own cloud. */
import { execFile } from "node:child_process";
import { describe, expect, test } from "vitest";
import { isLong, isTurn } from "../kit/shard.ts";

const drillMs = 240_000;

async function drill(...args: string[]) {
  const env = { ...process.env, NO_COLOR: "1" };
  // The drill must not clear this run's emulator.
  Reflect.deleteProperty(env, "FIRESTORE_EMULATOR_HOST");
  return await new Promise<{ code: unknown; output: string }>((resolve) => {
    const command = ["deploy/drill-restore.ts", ...args];
    execFile(process.execPath, command, { env, timeout: drillMs }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

describe.runIf(isTurn(3, 6))("SEC-6 a main database that is lost and restored", () => {
  test(
    "balances, has its audit rows, and leaves dead what was shredded",
    async () => {
      const { code, output } = await drill();
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
      const { code, output } = await drill("--keys-too");
      expect(output).toContain("✗ SEC-6 the shredded key pair is gone");
      expect(output).toContain("✗ SEC-6 no key that is left opens its secret");
      expect(code).toBe(1);
    },
    drillMs,
  );
});
