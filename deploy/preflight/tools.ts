/** Checks this machine for Terraform, and for something that builds images. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { onPath } from "../google/token.ts";
import { blocks, type CheckResult, note, type PreflightAt, resultFor } from "./check-result.ts";

const oldest = [1, 11] as const;
const timeoutMs = 20_000;
const installPage = "https://developer.hashicorp.com/terraform/install";
/** Variables by which Terraform applies something else, or elsewhere, than is shown and checked. */
const ofProgram = /^TF_(?:WORKSPACE$|CLI_ARGS|VAR_)/;
/** By these, its provider and its state's backend ask other hosts than Google's. */
const ofHosts =
  /^(?:GOOGLE_[A-Z0-9_]+_CUSTOM_ENDPOINT|GOOGLE_CLOUD_UNIVERSE_DOMAIN|STORAGE_EMULATOR_HOST)$/;
/** The backend would write the state under another key than everybody else's. */
const ofKeys = /^GOOGLE_(?:KMS_)?ENCRYPTION_KEY$/;
const ordersOfShell = [ofProgram, ofHosts, ofKeys];
const Version = z.object({ terraform_version: z.string().regex(/^\d+\.\d+\.\d+/) });

/** Requires a recent Terraform, and a lock for the provider that it will fetch. */
export async function checkTerraform({ environment }: PreflightAt): Promise<CheckResult> {
  const result = resultFor("terraform");
  if (!onPath("terraform", environment)) {
    return result("", blocks("Terraform isn't installed here.", installPage));
  }
  const orders = Object.keys(environment).filter((name) =>
    ordersOfShell.some((form) => form.test(name)),
  );
  if (orders.length > 0) {
    const what = `Terraform would follow ${orders.join(", ")} of this shell beside what is given here.`;
    return result("", blocks(what, `unset ${orders.join(" ")}`));
  }
  const version = await terraformVersion(environment);
  if (version === null) {
    return result("", blocks("`terraform version -json` doesn't answer here.", installPage));
  }
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major !== oldest[0] || minor < oldest[1]) {
    const wanted = `${oldest.join(".")} or a later ${oldest[0]}.x is needed`;
    return result("", blocks(`Terraform ${version} is here; ${wanted}.`, installPage));
  }
  const unlocked = ["terraform", "terraform/bootstrap"].filter(
    (root) => !existsSync(join(repositoryRoot, root, ".terraform.lock.hcl")),
  );
  if (unlocked.length === 0) return result(version);
  const what = `No provider is locked in ${unlocked.join(" and ")}: Terraform takes what its registry signs.`;
  return result(version, note(what, "run the workflow providers, and merge what it opens"));
}

async function terraformVersion(environment: NodeJS.ProcessEnv): Promise<string | null> {
  const options = { env: environment, timeout: timeoutMs };
  try {
    const { stdout } = await promisify(execFile)("terraform", ["version", "-json"], options);
    return Version.parse(JSON.parse(stdout)).terraform_version;
  } catch {
    return null;
  }
}

/** The program that builds the images; null if neither is installed. */
export function builderOf({ options, environment }: PreflightAt): "cloud" | "docker" | null {
  if (options.build !== null) return options.build;
  if (onPath("gcloud", environment)) return "cloud";
  return onPath("docker", environment) ? "docker" : null;
}

export async function checkBuilder(context: PreflightAt): Promise<CheckResult> {
  const result = resultFor("images");
  if (context.options.images !== null) return result("given by their digests");
  const builder = builderOf(context);
  const page = "https://cloud.google.com/sdk/docs/install";
  if (builder === null) {
    return result("", blocks("Neither gcloud nor docker is here to build images with.", page));
  }
  const program = builder === "cloud" ? "gcloud" : "docker";
  if (!onPath(program, context.environment)) {
    return result("", blocks(`--build ${builder} needs ${program}, which isn't here.`, page));
  }
  return result(builder === "cloud" ? "built by Cloud Build" : "built by docker here");
}
