/** Checks whether `--runner-project` can be made, before anything else is. */
import * as z from "zod";
import {
  blocks,
  type CheckResult,
  explainRefusal,
  type Finding,
  type GoogleAt,
  note,
  resultFor,
  unchecked,
} from "./check-result.ts";

/** The name that bootstrap gives it (terraform/bootstrap/runner-project.tf). */
export const runnerProjectTitle = "Paddock runners";

const Project = z.object({
  displayName: z.string().default(""),
  state: z.string(),
});
const Parent = z.object({ parent: z.string().default("") });
const Billing = z.object({ billingAccountName: z.string().default("") });
const Tested = z.object({ permissions: z.array(z.string()).default([]) });
const resources = "https://cloudresourcemanager.googleapis.com/v3";
const billings = "https://cloudbilling.googleapis.com/v1";

export async function checkRunnerProject(context: GoogleAt): Promise<CheckResult> {
  const id = context.options.runnerProject;
  const result = resultFor("runners");
  if (id === null || context.options.skipBootstrap) return result("");
  const found = await context.google.ask(`${resources}/projects/${id}`, Project);
  if (found.ok) return result(...known(id, found.value));
  // Google answers 403 for an id that nobody has, as for one that somebody else has.
  if (found.status !== 403 && found.status !== 404) {
    return result(
      "",
      unchecked(`The project ${id} can't be looked for: ${explainRefusal(found)}.`),
    );
  }
  const findings = await whyNotMade(context);
  const isFree = note(`Whether the id ${id} is free shows when bootstrap makes the project.`);
  return result("", ...findings, ...(findings.length === 0 ? [isFree] : []));
}

/** What a project of that id, which these credentials see, means for the run. */
function known(
  id: string,
  { displayName, state }: z.output<typeof Project>,
): [string, ...Finding[]] {
  if (state !== "ACTIVE") {
    const what = `The project ${id} is being deleted, and its id isn't free for 30 days.`;
    return ["", blocks(what, `gcloud projects undelete ${id}`, "or another id")];
  }
  if (displayName === runnerProjectTitle) return [`${id}, made by an earlier run`];
  const what = `There is a project ${id} that this command hasn't made; it makes its own.`;
  return ["", blocks(what, "--runner-project ANOTHER-ID")];
}

/** A project is made below the main one's parent, and paid from its billing account. */
async function whyNotMade(context: GoogleAt): Promise<Finding[]> {
  const { google, member, options } = context;
  const main = await google.ask(`${resources}/projects/${options.project}`, Parent);
  const billing = await google.ask(`${billings}/projects/${options.project}/billingInfo`, Billing);
  if (!main.ok || !billing.ok) {
    const refused = main.ok ? billing : main;
    const why = refused.ok ? "" : `: ${explainRefusal(refused)}`;
    return [unchecked(`Where ${options.project} lies and who pays for it can't be read${why}.`)];
  }
  const { parent } = main.value;
  const account = billing.value.billingAccountName;
  const [kind = "", number = ""] = parent.split("/");
  if (parent === "" && member.startsWith("serviceAccount:")) {
    const what = `${options.project} is in no organisation, and there a service account makes no project.`;
    return [blocks(what, "run this command as a person")];
  }
  const findings: Finding[] = [];
  if (parent !== "") {
    const command = kind === "folders" ? "resource-manager folders" : "organizations";
    findings.push(
      ...(await lacks(context, {
        url: `${resources}/${parent}:testIamPermissions`,
        permission: "resourcemanager.projects.create",
        where: parent,
        fix: `gcloud ${command} add-iam-policy-binding ${number} --member=${member} --role=roles/resourcemanager.projectCreator`,
      })),
    );
  }
  const id = account.replace("billingAccounts/", "");
  const fix = `gcloud billing accounts add-iam-policy-binding ${id} --member=${member} --role=roles/billing.user`;
  const permission = "billing.resourceAssociations.create";
  const url = `${billings}/${account}:testIamPermissions`;
  return [...findings, ...(await lacks(context, { url, permission, where: account, fix }))];
}

interface Asked {
  readonly url: string;
  readonly permission: string;
  readonly where: string;
  readonly fix: string;
}

async function lacks(
  { google, member, options }: GoogleAt,
  { url, permission, where, fix }: Asked,
): Promise<Finding[]> {
  const body = { permissions: [permission] };
  const tested = await google.ask(url, Tested, { method: "POST", body });
  if (!tested.ok) {
    return [
      unchecked(
        `Whether ${member} may ${permission} on ${where} is unknown: ${explainRefusal(tested)}.`,
      ),
    ];
  }
  if (tested.value.permissions.includes(permission)) return [];
  const what = `${member} may not ${permission} on ${where}, which --runner-project needs.`;
  return options.skipPermissionCheck ? [note(what)] : [blocks(what, fix)];
}
