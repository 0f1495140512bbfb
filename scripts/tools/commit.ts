/**
 * The current commit as a number. A test run's random choices derive from it, so a commit always
 * runs the same rows with the same seeds, on every day and machine.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { repositoryRoot } from "./repository.ts";

/** Set for processes that a test run starts, so that they needn't ask git again. */
const variable = "PADDOCK_COMMIT";

/** The commit's id in hex; a constant in a tree without git, such as an unpacked archive. */
export function commitId(): string {
  process.env[variable] ??= readHead();
  return process.env[variable];
}

/** A number from 0 to `below` - 1 that the commit and `purpose` decide. */
export function numberOfCommit(purpose: string, below: number, commit = commitId()): number {
  const digest = createHash("sha256").update(`${commit} ${purpose}`).digest();
  return digest.readUInt32BE(0) % below;
}

function readHead(): string {
  try {
    const options = { cwd: repositoryRoot, encoding: "utf8", stdio: "pipe" } as const;
    return execFileSync("git", ["rev-parse", "HEAD"], options).trim();
  } catch {
    return "no commit";
  }
}
