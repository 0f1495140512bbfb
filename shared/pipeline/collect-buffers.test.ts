import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const setting = join(import.meta.dirname, "collect-buffers.ts");
/** Makes 256 MB of buffers that nobody keeps, and says what they held at the most. */
const program = `
  const { collectBuffersEarly } = await import(${JSON.stringify(setting)});
  if (process.env.TEST_EARLY === "1") collectBuffersEarly();
  let mostBytes = 0;
  for (let made = 0; made < 4_000; made += 1) {
    Buffer.allocUnsafeSlow(65_536);
    if (made % 20 !== 0) continue;
    mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers);
    await new Promise(setImmediate);
  }
  console.log(mostBytes);`;

function mostBytes(early: string): number {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--max-semi-space-size=8", "--input-type=module", "--eval", program],
    { encoding: "utf8", env: { TEST_EARLY: early } },
  );
  expect(stderr).toBe("");
  return Number(stdout);
}

test("buffers that nobody needs are collected after a few megabytes of them", () => {
  expect(mostBytes("1")).toBeLessThan(32_000_000);
  // Without it they hold several times as much, or this option does nothing and can go.
  expect(mostBytes("0")).toBeGreaterThan(48_000_000);
});
