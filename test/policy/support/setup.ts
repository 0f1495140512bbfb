/** Plans every configuration of `plans.ts` once, before the first policy test. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { copyDeployment } from "../../../scripts/terraform/copy-deployment.ts";
import {
  findTerraform,
  initialise,
  NoTerraform,
  runTerraform,
  type Terraform,
} from "../../../scripts/terraform/terraform.ts";
import { repositoryRoot } from "../../../scripts/tools/repository.ts";
import { printStep } from "../../../scripts/tools/step.ts";
import { type PlanName, type WantedPlan, wantedPlans } from "./plans.ts";

export interface PlansContext {
  /** Why there are none. */
  readonly missing: string | null;
  /** By name, the file with what Terraform printed as JSON. */
  readonly files: Readonly<Partial<Record<PlanName, string>>>;
}

declare module "vitest" {
  interface ProvidedContext {
    plans: PlansContext;
  }
}

export async function setup(project: TestProject): Promise<void> {
  try {
    const files = await planAll();
    project.provide("plans", { missing: null, files });
  } catch (error) {
    if (!(error instanceof NoTerraform)) throw error;
    console.log(`  Policy tests are skipped: ${error.message}.`);
    project.provide("plans", { missing: error.message, files: {} });
  }
}

async function planAll(): Promise<Record<string, string>> {
  const terraform = findTerraform();
  const copy = copyDeployment(repositoryRoot);
  const wanted = Object.entries<WantedPlan>(wantedPlans);
  for (const root of new Set(wanted.map(([, plan]) => plan.root))) {
    await initialise(terraform, join(copy, root));
  }
  const files: Record<string, string> = {};
  for (const [name, plan] of wanted) {
    const began = performance.now();
    files[name] = await planOne(terraform, join(copy, plan.root), { name, ...plan });
    const title = `Plan "${name}" of ${plan.root}${plan.refused ? ", which is refused" : ""}`;
    printStep({ title, passed: true, output: "", durationMs: performance.now() - began });
  }
  return files;
}

/**
 * @returns the path of the plan as JSON, or of what Terraform said when it refused
 * @throws if it isn't planned although it should be, or the reverse
 */
async function planOne(
  terraform: Terraform,
  folder: string,
  { name, variables, refused = false }: WantedPlan & { readonly name: string },
): Promise<string> {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`);
  writeFileSync(file("tfvars.json"), JSON.stringify(variables));
  const planned = await runTerraform(terraform, folder, [
    ...["plan", "-no-color", "-refresh=false", "-lock=false"],
    ...[`-var-file=${name}.tfvars.json`, `-out=${name}.tfplan`],
  ]);
  if ((planned.code !== 0) !== refused) {
    const what = refused ? "was planned, and should be refused" : "isn't planned";
    throw new Error(`"${name}" of ${folder} ${what}\n${planned.stderr.slice(-8_000)}`);
  }
  if (refused) {
    writeFileSync(file("refusal.txt"), planned.stderr);
    return file("refusal.txt");
  }
  const shown = await runTerraform(terraform, folder, ["show", "-json", `${name}.tfplan`]);
  if (shown.code !== 0) throw new Error(`terraform show: ${shown.stderr.slice(-8_000)}`);
  writeFileSync(file("plan.json"), shown.stdout);
  return file("plan.json");
}
