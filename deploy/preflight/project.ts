/** Checks the project itself: it exists, is active, and has billing. */
import * as z from "zod";
import {
  blocks,
  type CheckResult,
  enableCommand,
  explainRefusal,
  type Finding,
  type GoogleAt,
  isOff,
  resultFor,
  unchecked,
} from "./check-result.ts";

const Project = z.object({
  projectId: z.string(),
  name: z.string(),
  state: z.string(),
  parent: z.string().default(""),
});
const Billing = z.object({
  billingEnabled: z.boolean().default(false),
  billingAccountName: z.string().default(""),
});

/** The services that these checks need; bootstrap enables all others. */
export const servicesNeededToCheck = [
  "serviceusage.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "cloudbilling.googleapis.com",
];

export interface ProjectResult extends CheckResult {
  /** Null if there is no such project, or it couldn't be read. */
  readonly number: string | null;
}

export async function checkProject({ google, options, member }: GoogleAt): Promise<ProjectResult> {
  const { project } = options;
  const answer = await google.ask(
    `https://cloudresourcemanager.googleapis.com/v3/projects/${project}`,
    Project,
  );
  const result = (...findings: Finding[]) => ({
    subject: "project",
    found: "",
    findings,
    number: null,
  });
  if (answer.ok) {
    const { name, state } = answer.value;
    if (state === "ACTIVE") {
      const number = name.replace("projects/", "");
      return { subject: "project", found: `${project}, number ${number}`, findings: [], number };
    }
    const restore = `gcloud projects undelete ${project}`;
    return result(blocks(`The project ${project} is being deleted.`, restore));
  }
  if (isOff(answer)) {
    const what = "The services that these checks need are off.";
    return result(blocks(what, enableCommand(project, servicesNeededToCheck)));
  }
  // Google also answers 403 for a missing project, to hide which ones exist.
  if (answer.status === 403 || answer.status === 404) {
    const grant = `gcloud projects add-iam-policy-binding ${project} --member=${member} --role=roles/owner`;
    const what = `There is no project ${project}, or these credentials may not see it.`;
    return result(blocks(what, `gcloud projects create ${project}`, `or, if it exists: ${grant}`));
  }
  if (answer.status === 401) {
    const what = `Google refuses the credentials: ${answer.message}`;
    return result(blocks(what, "gcloud auth application-default login"));
  }
  return result(blocks(`The project can't be read: ${explainRefusal(answer)}.`));
}

export async function checkBilling({ google, options }: GoogleAt): Promise<CheckResult> {
  const { project } = options;
  const answer = await google.ask(
    `https://cloudbilling.googleapis.com/v1/projects/${project}/billingInfo`,
    Billing,
  );
  const result = resultFor("billing");
  if (!answer.ok) {
    if (isOff(answer)) {
      const what = "Whether the project has billing is unknown: the Cloud Billing API is off.";
      return result("", blocks(what, enableCommand(project, ["cloudbilling.googleapis.com"])));
    }
    return result(
      "",
      unchecked(`Whether the project has billing is unknown: ${explainRefusal(answer)}.`),
    );
  }
  const { billingEnabled, billingAccountName } = answer.value;
  if (billingEnabled) return result(billingAccountName.replace("billingAccounts/", "account "));
  const link = `gcloud billing projects link ${project} --billing-account=ACCOUNT`;
  const what =
    billingAccountName === ""
      ? "The project has no billing account."
      : "The project's billing account is closed.";
  return result("", blocks(what, "gcloud billing accounts list", link));
}
