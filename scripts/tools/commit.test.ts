import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { numberOfCommit } from "./commit.ts";
import { repositoryRoot } from "./repository.ts";

/** What a run of the given commit would draw in another zone at another hour. */
function drawnElsewhere(commit: string): string {
  const program = `import { numberOfCommit } from "./scripts/tools/commit.ts";
    Date.now = () => 86_400_000 * Math.random() * 1_000;
    console.log([2, 8, 1_000_000].map((below) => numberOfCommit("seed", below)).join());`;
  const env = { ...process.env, TZ: "Pacific/Kiritimati", PADDOCK_COMMIT: commit };
  const args = ["--input-type=module", "--eval", program];
  return execFileSync(process.execPath, args, {
    cwd: repositoryRoot,
    env,
    encoding: "utf8",
  }).trim();
}

test("one commit draws the same on every day and in every zone, another draws otherwise", () => {
  const here = [2, 8, 1_000_000].map((below) => numberOfCommit("seed", below)).join();
  expect(drawnElsewhere(process.env.PADDOCK_COMMIT ?? "")).toBe(here);
  expect(drawnElsewhere("another commit")).not.toBe(here);
});
