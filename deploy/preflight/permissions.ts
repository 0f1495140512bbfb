/** Checks whether these credentials may do what the deployment does. */
import * as z from "zod";
import {
  blocks,
  type CheckResult,
  explainRefusal,
  type GoogleAt,
  resultFor,
  unchecked,
} from "./check-result.ts";

type ByRole = Readonly<Record<string, readonly string[]>>;

/**
 * One permission for each kind of thing that Terraform and this script make, by the narrowest
 * predefined role that has it. A role is suggested only if its permission is missing.
 */
const ofMainRoot: ByRole = {
  "roles/iam.serviceAccountAdmin": [
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.setIamPolicy",
  ],
  "roles/run.admin": ["run.services.create", "run.services.setIamPolicy", "run.jobs.create"],
  "roles/datastore.owner": ["datastore.databases.create", "datastore.indexes.create"],
  "roles/firebaserules.admin": ["firebaserules.rulesets.create"],
  "roles/cloudkms.admin": ["cloudkms.keyRings.create", "cloudkms.cryptoKeys.setIamPolicy"],
  "roles/storage.admin": ["storage.buckets.create"],
  "roles/logging.configWriter": ["logging.buckets.create", "logging.sinks.create"],
  "roles/monitoring.editor": ["monitoring.alertPolicies.create", "monitoring.dashboards.create"],
  "roles/cloudbuild.builds.editor": ["cloudbuild.builds.create"],
  "roles/certificatemanager.owner": ["certificatemanager.certs.create"],
  "roles/compute.networkAdmin": [
    "compute.networks.create",
    "compute.globalForwardingRules.create",
    "compute.urlMaps.create",
  ],
  "roles/compute.securityAdmin": ["compute.securityPolicies.create", "compute.firewalls.create"],
  "roles/dns.admin": ["dns.managedZones.create"],
  "roles/cloudscheduler.admin": ["cloudscheduler.jobs.create"],
};

/** A workflow's account has none of these, or only on single resources. */
const ofBootstrap: ByRole = {
  "roles/resourcemanager.projectIamAdmin": ["resourcemanager.projects.setIamPolicy"],
  "roles/serviceusage.serviceUsageAdmin": ["serviceusage.services.enable"],
  "roles/iam.serviceAccountUser": ["iam.serviceAccounts.actAs"],
  "roles/iam.roleAdmin": ["iam.roles.create"],
  "roles/iam.workloadIdentityPoolAdmin": ["iam.workloadIdentityPools.create"],
  "roles/secretmanager.admin": ["secretmanager.secrets.create", "secretmanager.versions.add"],
  "roles/storage.admin": ["storage.buckets.create", "storage.objects.create"],
  "roles/artifactregistry.admin": ["artifactregistry.repositories.create"],
};

const Tested = z.object({ permissions: z.array(z.string()).default([]) });

export async function checkPermissions({
  google,
  options,
  member,
}: GoogleAt): Promise<CheckResult> {
  const { project } = options;
  const byRole = options.skipBootstrap ? [ofMainRoot] : [ofMainRoot, ofBootstrap];
  const roles = byRole.flatMap((roles) => Object.entries(roles));
  const wanted = roles.flatMap(([, permissions]) => permissions);
  const url = `https://cloudresourcemanager.googleapis.com/v3/projects/${project}:testIamPermissions`;
  const answer = await google.ask(url, Tested, { method: "POST", body: { permissions: wanted } });
  const result = resultFor("permissions");
  if (!answer.ok)
    return result("", unchecked(`Your permissions are unknown: ${explainRefusal(answer)}.`));
  const { permissions } = answer.value;
  const missing = wanted.filter((permission) => !permissions.includes(permission));
  if (missing.length === 0) return result(`${member} may do all ${wanted.length} things`);
  const lacking = roles.filter(([, needed]) =>
    needed.some((permission) => missing.includes(permission)),
  );
  const grants = [...new Set(lacking.map(([role]) => role))];
  const what = `${member} may not ${missing.join(", ")}.`;
  const bind = `gcloud projects add-iam-policy-binding ${project} --member=${member}`;
  return result("", blocks(what, ...grants.map((role) => `${bind} --role=${role}`)));
}
