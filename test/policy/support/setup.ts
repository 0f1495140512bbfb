/** Makes the plans that this run tries, once, before the first policy test. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { copyDeployment } from "../../../deploy/terraform/copy-deployment.ts";
import {
  findTerraform,
  initialise,
  NoTerraform,
  runTerraform,
  type Terraform,
} from "../../../deploy/terraform/terraform.ts";
import { repositoryRoot } from "../../../scripts/tools/repository.ts";
import { printStep } from "../../../scripts/tools/step.ts";
import { temporaryFolder } from "../../../scripts/tools/temporary-folder.ts";
import { digestOf, keep, questionOf, recall } from "./plan-cache.ts";
import { isPlannedNow, type PlanName, type WantedPlan, wantedPlans } from "./plans.ts";

export interface PlansContext {
  /** Why there are no plans. */
  readonly missing: string | null;
  /** The file with each plan that Terraform printed as JSON. */
  readonly files: Readonly<Partial<Record<PlanName, string>>>;
}

declare module "vitest" {
  interface ProvidedContext {
    plans: PlansContext;
  }
}

interface NamedPlan extends WantedPlan {
  readonly name: string;
}

export async function setup(project: TestProject): Promise<void> {
  try {
    project.provide("plans", { missing: null, files: await planAll() });
  } catch (error) {
    if (!(error instanceof NoTerraform)) throw error;
    console.log(`  Policy tests are skipped: ${error.message}.`);
    project.provide("plans", { missing: error.message, files: {} });
  }
}

/** The text of this run's test files; a plan that none of them names isn't made. */
function chosenText(): string {
  const folder = join(repositoryRoot, "test", "policy");
  const chosen = process.argv.flatMap((word) => /policy\/([\w.-]+)$/.exec(word)?.[1] ?? []);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => chosen.length === 0 || chosen.some((part) => file.includes(part)))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}

/** Folders that are initialised. */
const ready = new Set<string>();

/** Plans of two roots are made in parallel, those of one root one after another. */
async function planAll(): Promise<Record<string, string>> {
  const terraform = findTerraform();
  const copy = copyDeployment(repositoryRoot, { localState: true });
  const inputs = digestOf(copy, terraform.fingerprint);
  const named = chosenText();
  const wanted = (Object.keys(wantedPlans) as PlanName[])
    .filter((name) => named.includes(`"${name}"`) && isPlannedNow(name))
    .map((name): NamedPlan => ({ name, ...wantedPlans[name] }));
  console.log(`  Planning ${wanted.length} deployments; each takes seconds, once.`);
  const files: Record<string, string> = {};
  const roots = Object.values(Object.groupBy(wanted, ({ root }) => root));
  await Promise.all(
    roots.map(async (plans = []) => {
      for (const plan of plans) {
        files[plan.name] = await planOnce(terraform, { copy, inputs, plan });
      }
    }),
  );
  return files;
}

/** @returns the path of the plan as JSON, or of Terraform's refusal */
async function planOnce(
  terraform: Terraform,
  { copy, inputs, plan }: { copy: string; inputs: string; plan: NamedPlan },
): Promise<string> {
  const began = performance.now();
  const question = questionOf(inputs, plan);
  const known = recall(question);
  const file = known ?? keep(question, await makePlan(terraform, copy, plan));
  const how = known === null ? "" : ", as before";
  const title = `Plan "${plan.name}" of ${plan.root}${plan.refused ? ", refused" : ""}${how}`;
  printStep({ title, passed: true, output: "", durationMs: performance.now() - began });
  return file;
}

/** @throws if it isn't planned although it should be, or the reverse */
async function makePlan(
  terraform: Terraform,
  copy: string,
  { name, root, settings: given, variables, refused = false }: NamedPlan,
): Promise<string> {
  const folder = join(copy, root);
  if (!ready.has(folder)) await initialise(terraform, folder, { backend: true });
  ready.add(folder);
  const settings = join(temporaryFolder("paddock-plan-"), "settings.tfvars.json");
  const made = `${settings}.tfplan`;
  writeFileSync(settings, JSON.stringify(variables));
  const planned = await runTerraform(terraform, folder, [
    ...["plan", "-no-color", "-refresh=false", "-lock=false"],
    ...(given === undefined ? [] : [`-var-file=${given}`]),
    ...[`-var-file=${settings}`, `-out=${made}`],
  ]);
  if ((planned.code !== 0) !== refused) {
    const what = refused ? "was planned, and should be refused" : "isn't planned";
    throw new Error(`"${name}" of ${root} ${what}\n${planned.stderr.slice(-8_000)}`);
  }
  if (refused) return planned.stderr;
  const shown = await runTerraform(terraform, folder, ["show", "-json", made]);
  if (shown.code !== 0) throw new Error(`terraform show: ${shown.stderr.slice(-8_000)}`);
  return shown.stdout;
}
