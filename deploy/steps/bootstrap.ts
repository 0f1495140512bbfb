/** The bootstrap root: its state starts on this machine and moves into the bucket that it makes. */
import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import * as z from "zod";
import { stateBucket } from "../preflight/names.ts";
import { detail, done, Stop } from "../print.ts";
import { localState, Terraform } from "../terraform/run.ts";
import { applyPlan } from "./apply.ts";
import type { DeployContext, ProjectAt } from "./deploy-context.ts";
import { ifThere } from "./if-there.ts";

const Outputs = z.object({
  state_bucket: z.string(),
  registry: z.string(),
  build_bucket: z.string(),
  build_account: z.string(),
  secrets: z.record(z.string(), z.string()),
  /** The account that a workflow deploys with; missing if no repository may deploy. */
  deploy_account: z.string().nullish(),
  /** Missing if executions run in the main project. */
  runner_project: z.object({ id: z.string(), number: z.string() }).nullish(),
});
export type BootstrapOutputs = z.infer<typeof Outputs>;

const stateObject = "bootstrap/default.tfstate";
const Found = z.looseObject({});

/** Where bootstrap's state is, which decides how to continue. */
export type StateIs = "nowhere" | "here" | "in the bucket" | "lost";

/** @throws {Stop} if it can't be seen now: bootstrap would begin again beside what it has made. */
export async function whereIsState({ google, options }: ProjectAt): Promise<StateIs> {
  const bucket = `https://storage.googleapis.com/storage/v1/b/${stateBucket(options.project)}`;
  const object = await google.ask(`${bucket}/o/${encodeURIComponent(stateObject)}`, Found);
  if (ifThere(object, unseen)) return "in the bucket";
  if (existsSync(localState(options.project))) return "here";
  return ifThere(await google.ask(bucket, Found), unseen) ? "lost" : "nowhere";
}

const unseen = (message: string) =>
  `Where bootstrap's state is can't be seen: ${message}. Run the same command again.`;

export interface BootstrapSettings {
  readonly region: string;
  readonly github: { readonly repository: string; readonly repository_id: string } | null;
  /** Whether to set a deny policy, which only an organisation's administrator may. */
  readonly deny_data_access: boolean;
  /** The id of the executions' own project; null for none. */
  readonly runnerProject: string | null;
}

/** Applies bootstrap from where an earlier run stopped. @throws {Stop} If it isn't confirmed. */
export async function applyBootstrap(
  context: DeployContext,
  settings: BootstrapSettings,
): Promise<BootstrapOutputs> {
  const { clock } = context;
  const { project, yes } = context.options;
  const bucket = stateBucket(project);
  const root = { root: "bootstrap", project, credentials: context.credentials } as const;
  const { runnerProject, ...rest } = settings;
  const beside = runnerProject === null ? null : await besideMain(context, runnerProject);
  const variables = { project_id: project, ...rest, runner_project: beside };
  const question = "Switch on these services and make bucket, registry and secrets?";
  const state = await whereIsState(context);
  if (state === "lost") {
    throw new Stop(
      `gs://${bucket} exists, but holds no state: a run on another machine didn't finish. Continue there, or, if the bucket is empty, gcloud storage buckets delete gs://${bucket}`,
    );
  }
  if (state !== "in the bucket") {
    const local = await Terraform.open(root, true);
    await local.init(null);
    await applyPlan(local, { variables, question, yes, clock });
    const moved = await Terraform.open(root);
    await moved.init(bucket, "-migrate-state", "-force-copy");
    await rename(localState(project), `${localState(project)}.moved`);
    detail(`its state has moved to gs://${bucket}/bootstrap`);
    return await moved.outputs(Outputs);
  }
  const terraform = await Terraform.open(root);
  await terraform.init(bucket);
  const changed = await applyPlan(terraform, { variables, question, yes, clock });
  if (changed === null) done("as it should be");
  return await terraform.outputs(Outputs);
}

const Project = z.object({ parent: z.string().default("") });
const Billing = z.object({ billingAccountName: z.string() });

/** The runners' project, which lies where the main one lies and is paid from the same account. */
async function besideMain({ google, options }: DeployContext, id: string) {
  const main = options.project;
  const project = await google.ask(
    `https://cloudresourcemanager.googleapis.com/v3/projects/${main}`,
    Project,
  );
  const billing = await google.ask(
    `https://cloudbilling.googleapis.com/v1/projects/${main}/billingInfo`,
    Billing,
  );
  if (!project.ok || !billing.ok) {
    throw new Stop(`Where ${main} lies and who pays for it can't be read, so ${id} isn't made.`);
  }
  const [kind, number] = project.value.parent.split("/");
  return {
    id,
    billing_account: billing.value.billingAccountName.replace("billingAccounts/", ""),
    ...(kind === "organizations" && { org_id: number }),
    ...(kind === "folders" && { folder_id: number }),
  };
}

/** Reads the outputs of an earlier run; the credentials needn't be able to change anything. */
export async function readBootstrap(context: DeployContext): Promise<BootstrapOutputs> {
  const { project } = context.options;
  const root = { root: "bootstrap", project, credentials: context.credentials } as const;
  if ((await whereIsState(context)) !== "in the bucket") {
    throw new Stop("Bootstrap hasn't been applied yet: run this command without --skip-bootstrap.");
  }
  const terraform = await Terraform.open(root);
  await terraform.init(stateBucket(project));
  return await terraform.outputs(Outputs);
}
