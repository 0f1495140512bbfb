/**
 * Terraform in a copy of the configuration: with the provider that it downloads, or through the
 * program that `TERRAFORM_OFFLINE` names (`node $TERRAFORM_OFFLINE -- terraform …`), which serves
 * the real provider's schema without a download. Nothing is ever applied, and no credential is
 * used.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import * as z from "zod";
import { startChild } from "../../scripts/tools/start-child.ts";

export interface Terraform {
  /** The command before `terraform`. */
  readonly before: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Changes whenever results might: Terraform's version and the program before it. */
  readonly fingerprint: string;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why configurations can't be tried here; callers skip them and say so. */
export class NoTerraform extends Error {
  override readonly name = "NoTerraform";
}

/** One file of tests makes many plans, which take minutes on a machine that others use as well. */
const commandTimeoutMs = 1_200_000;
const noProvider = /query available provider packages|connect to registry|registry\.terraform\.io/;

/** @throws {NoTerraform} */
export function findTerraform(): Terraform {
  const offline = process.env.TERRAFORM_OFFLINE;
  const found = offline ? statSync(offline, { throwIfNoEntry: false }) : null;
  if (found === undefined) throw new Error(`TERRAFORM_OFFLINE names ${offline}, which isn't there`);
  return {
    fingerprint: `${versionOf()} ${found?.mtimeMs ?? "own provider"}`,
    before: offline ? [process.execPath, offline, "--"] : [],
    environment: {
      ...process.env,
      // Reading the provider's schema is most of a plan, and its garbage a third of that.
      GOGC: "400",
      TF_IN_AUTOMATION: "1",
      TF_INPUT: "0",
      CHECKPOINT_DISABLE: "1",
      // The provider requires a token to plan; with nothing to refresh, it doesn't send it.
      GOOGLE_OAUTH_ACCESS_TOKEN: "unused",
    },
  };
}

/** Run in a folder without a configuration, because it also lists a configuration's providers. */
function versionOf(): string {
  try {
    const options = { cwd: tmpdir(), encoding: "utf8", timeout: 20_000 } as const;
    const text = execFileSync("terraform", ["version", "-json"], { ...options, stdio: "pipe" });
    return z.object({ terraform_version: z.string() }).parse(JSON.parse(text)).terraform_version;
  } catch {
    throw new NoTerraform("there is no terraform on this machine");
  }
}

/** Runs one command; a failure is part of the outcome. */
export async function runTerraform(
  { before, environment }: Terraform,
  folder: string,
  args: readonly string[],
): Promise<CommandResult> {
  const [program = "terraform", ...rest] = [...before, "terraform", ...args];
  return await new Promise((resolve) => {
    const child = startChild([program, ...rest], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: commandTimeoutMs,
      env: environment,
    });
    const output = { stdout: "", stderr: "" };
    child.stdout?.on("data", (chunk) => {
      output.stdout += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output.stderr += chunk;
    });
    child.on("error", (error) => resolve({ code: null, stdout: "", stderr: error.message }));
    child.on("close", (code) => resolve({ code, ...output }));
  });
}

/**
 * Prepares the folder for the other commands, with its backend, or without one if it is only
 * checked.
 *
 * @throws {NoTerraform} if the provider isn't available
 * @throws {Error} for an invalid configuration
 */
export async function initialise(
  terraform: Terraform,
  folder: string,
  options: { readonly backend: boolean },
): Promise<void> {
  const args = ["init", "-no-color", `-backend=${options.backend}`];
  const { code, stdout, stderr } = await runTerraform(terraform, folder, args);
  if (code === 0) return;
  if (noProvider.test(stderr)) throw new NoTerraform("the google provider can't be downloaded");
  throw new Error(`terraform init failed in ${folder}\n${stdout}${stderr}`);
}
