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
  lookedAt,
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

/** Services that the checks themselves need; bootstrap enables everything else. */
export const neededToLook = [
  "serviceusage.googleapis.com",
  "cloudresourcemanager.googleapis.com",
  "cloudbilling.googleapis.com",
];

export interface ProjectLooked extends CheckResult {
  /** Null if there is no such project, or it couldn't be read. */
  readonly number: string | null;
}

export async function lookAtProject({ google, options, member }: GoogleAt): Promise<ProjectLooked> {
  const { project } = options;
  const answer = await google.ask(
    `https://cloudresourcemanager.googleapis.com/v3/projects/${project}`,
    Project,
  );
  const looked = (...findings: Finding[]) => ({
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
    return looked(blocks(`The project ${project} is being deleted.`, restore));
  }
  if (isOff(answer)) {
    const what = "What must be on before anybody can look into the project is off.";
    return looked(blocks(what, enableCommand(project, neededToLook)));
  }
  // Google also answers 403 for a missing project, to hide which ones exist.
  if (answer.status === 403 || answer.status === 404) {
    const grant = `gcloud projects add-iam-policy-binding ${project} --member=${member} --role=roles/owner`;
    const what = `There is no project ${project}, or these credentials may not see it.`;
    return looked(blocks(what, `gcloud projects create ${project}`, `or, if it exists: ${grant}`));
  }
  if (answer.status === 401) {
    const what = `Google refuses the credentials: ${answer.message}`;
    return looked(blocks(what, "gcloud auth application-default login"));
  }
  return looked(blocks(`The project can't be read: ${explainRefusal(answer)}.`));
}

export async function lookAtBilling({ google, options }: GoogleAt): Promise<CheckResult> {
  const { project } = options;
  const answer = await google.ask(
    `https://cloudbilling.googleapis.com/v1/projects/${project}/billingInfo`,
    Billing,
  );
  const looked = lookedAt("billing");
  if (!answer.ok) {
    if (isOff(answer)) {
      const what = "Whether the project is paid for can't be seen: Cloud Billing's service is off.";
      return looked("", blocks(what, enableCommand(project, ["cloudbilling.googleapis.com"])));
    }
    return looked("", unchecked(`Whether the project is paid for: ${explainRefusal(answer)}.`));
  }
  const { billingEnabled, billingAccountName } = answer.value;
  if (billingEnabled) return looked(billingAccountName.replace("billingAccounts/", "account "));
  const link = `gcloud billing projects link ${project} --billing-account=ACCOUNT`;
  const what =
    billingAccountName === ""
      ? "The project has no billing account."
      : "The project's billing account is closed.";
  return looked("", blocks(what, "gcloud billing accounts list", link));
}
