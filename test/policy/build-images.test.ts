/**
 * Builds and tries both images if an engine is available; otherwise Cloud Build is the first to.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";

const buildMsMax = 1_200_000;

/** The first engine that answers, because a client alone can't build. */
function findEngine(): string | null {
  const names = ["docker", "podman"];
  const answers = (name: string) =>
    spawnSync(name, ["info"], { stdio: "ignore", timeout: 20_000 }).status === 0;
  return names.find(answers) ?? null;
}

const engine = findEngine();

function run(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: repositoryRoot,
    encoding: "utf8",
    timeout: buildMsMax,
    env: { ...process.env, ENGINE: engine ?? "", DOCKER_BUILDKIT: "1" },
  });
  expect(status, `${stdout.slice(-4_000)}\n${stderr.slice(-4_000)}`).toBe(0);
}

describe.skipIf(engine === null)("both images", () => {
  test("are built from the repository's root, and do what they should", {
    timeout: buildMsMax,
  }, () => {
    const tags = { functions: "paddock-functions:test", runner: "paddock-runner:test" };
    const files = { functions: "images/functions/Dockerfile", runner: "runner/Dockerfile" };
    for (const name of ["functions", "runner"] as const) {
      run(engine ?? "", ["build", "--file", files[name], "--tag", tags[name], "."]);
    }
    run("bash", [join("images", "try.sh"), tags.functions, tags.runner]);
  });
});
