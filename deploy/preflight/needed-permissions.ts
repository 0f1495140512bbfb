/**
 * The permissions that a deployment needs on the project, and who can give each. Google renames
 * permissions and answers 400 for a name that it doesn't know, so `role-permissions.json` holds
 * what a dump of Google's roles says about each name here, and a test compares the two.
 *
 * No permission on objects is asked for: owners of a project hold none on the project, only on each
 * bucket that they make.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** One permission for each kind of thing that Terraform and this program make. */
export interface NeededPermission {
  readonly permission: string;
  /** The narrowest predefined role that holds it, for a person. */
  readonly role: string;
  /**
   * What bootstrap gives the account of the deploying workflow instead: a role of its own where
   * every predefined one reads data too. Null if only a person needs the permission.
   */
  readonly workflowRole: string | null;
}

const both = (role: string, ...permissions: readonly string[]): NeededPermission[] =>
  permissions.map((permission) => ({ permission, role, workflowRole: role }));
const workflowsOwn = (role: string, workflowRole: string, permission: string) => [
  { permission, role, workflowRole },
];
const aPersonAlone = (role: string, ...permissions: readonly string[]): NeededPermission[] =>
  permissions.map((permission) => ({ permission, role, workflowRole: null }));

/** What applying the main root needs. */
export const neededForMain: readonly NeededPermission[] = [
  ...both(
    "roles/iam.serviceAccountAdmin",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.setIamPolicy",
  ),
  ...both(
    "roles/run.admin",
    "run.services.create",
    "run.services.setIamPolicy",
    "run.jobs.create",
    "run.jobs.setIamPolicy",
  ),
  // Predefined roles that make databases read every document, but for restoreAdmin and cloneAdmin,
  // which can't change one.
  ...workflowsOwn("roles/datastore.owner", "paddockDatabaseMaker", "datastore.databases.create"),
  ...both("roles/datastore.indexAdmin", "datastore.schemas.create"),
  ...both("roles/datastore.backupSchedulesAdmin", "datastore.backupSchedules.create"),
  ...both(
    "roles/firebaserules.admin",
    "firebaserules.rulesets.create",
    "firebaserules.releases.create",
  ),
  ...both(
    "roles/cloudkms.admin",
    "cloudkms.keyRings.create",
    "cloudkms.cryptoKeys.create",
    "cloudkms.cryptoKeys.setIamPolicy",
    "cloudkms.cryptoKeyVersions.create",
  ),
  ...workflowsOwn("roles/storage.admin", "paddockBucketMaker", "storage.buckets.create"),
  ...both(
    "roles/logging.configWriter",
    "logging.buckets.create",
    "logging.sinks.create",
    "logging.views.create",
    "logging.logMetrics.create",
  ),
  // The writer of configuration may make a view, and not say who reads it.
  ...workflowsOwn("roles/logging.admin", "paddockViewBinder", "logging.views.setIamPolicy"),
  ...both(
    "roles/monitoring.editor",
    "monitoring.alertPolicies.create",
    "monitoring.dashboards.create",
    "monitoring.uptimeCheckConfigs.create",
  ),
  ...both("roles/cloudbuild.builds.editor", "cloudbuild.builds.create"),
  ...both("roles/certificatemanager.owner", "certificatemanager.certs.create"),
  ...both(
    "roles/compute.networkAdmin",
    "compute.networks.create",
    "compute.globalAddresses.create",
    "compute.globalForwardingRules.create",
  ),
  ...both(
    "roles/compute.loadBalancerAdmin",
    "compute.regionNetworkEndpointGroups.create",
    "compute.regionUrlMaps.create",
  ),
  ...both(
    "roles/compute.securityAdmin",
    "compute.securityPolicies.create",
    "compute.firewalls.create",
  ),
  ...both("roles/binaryauthorization.policyEditor", "binaryauthorization.policy.update"),
  ...both("roles/dns.admin", "dns.managedZones.create"),
  ...both("roles/cloudscheduler.admin", "cloudscheduler.jobs.create"),
];

/** What only a person does: a workflow's account has these on single resources, or not at all. */
export const neededForBootstrap: readonly NeededPermission[] = [
  ...aPersonAlone("roles/resourcemanager.projectIamAdmin", "resourcemanager.projects.setIamPolicy"),
  ...aPersonAlone("roles/serviceusage.serviceUsageAdmin", "serviceusage.services.enable"),
  ...aPersonAlone("roles/iam.serviceAccountUser", "iam.serviceAccounts.actAs"),
  ...aPersonAlone("roles/iam.roleAdmin", "iam.roles.create"),
  ...aPersonAlone(
    "roles/iam.workloadIdentityPoolAdmin",
    "iam.googleapis.com/workloadIdentityPools.create",
    "iam.googleapis.com/workloadIdentityPoolProviders.create",
  ),
  ...aPersonAlone(
    "roles/secretmanager.admin",
    "secretmanager.secrets.create",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.versions.add",
  ),
  ...aPersonAlone("roles/artifactregistry.admin", "artifactregistry.repositories.create"),
];

const RolePermissions = z.object({
  readOn: z.iso.date(),
  sources: z.record(z.string(), z.string()),
  /** Permissions that read what owners stored, which no fix for a workflow's account may give. */
  readData: z.array(z.string()),
  /** What `roles/owner` holds, as far as this program cares. */
  owner: z.array(z.string()),
  /** The permissions that matter here, of each role that this program names. */
  roles: z.record(z.string(), z.array(z.string())),
});

/** Google's roles as they were on `readOn`. */
export function rolePermissions(): z.output<typeof RolePermissions> {
  const file = join(import.meta.dirname, "role-permissions.json");
  return RolePermissions.parse(JSON.parse(readFileSync(file, "utf8")));
}
