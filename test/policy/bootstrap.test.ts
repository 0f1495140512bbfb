/** What a project gets before the product: services, state, identities. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { neededForMain, rolePermissions } from "../../deploy/preflight/needed-permissions.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { bucketGrants } from "./support/bucket-grants.ts";
import { isPlanned, planOf } from "./support/plan.ts";

/**
 * What a resource needs, by the start of its type: a service of the project, and the role that lets
 * a workflow make it. Null: a person makes it, with rights beyond the project.
 */
const needs: Readonly<Record<string, readonly [service: string, role: string | null]>> = {
  google_artifact_registry: ["artifactregistry", null],
  google_binary_authorization_attestor: ["binaryauthorization", "paddockAttestorBinder"],
  google_binary_authorization: ["binaryauthorization", "roles/binaryauthorization.policyEditor"],
  google_iam_deny_policy: ["iam", null],
  google_monitoring_monitored_project: ["monitoring", null],
  google_tags: ["cloudresourcemanager", null],
  google_billing_budget: ["billingbudgets", null],
  google_certificate_manager: ["certificatemanager", "roles/certificatemanager.owner"],
  google_cloud_run: ["run", "roles/run.admin"],
  google_cloud_scheduler: ["cloudscheduler", "roles/cloudscheduler.admin"],
  google_compute_firewall: ["compute", "roles/compute.securityAdmin"],
  google_compute_region_ssl_policy: ["compute", "roles/compute.securityAdmin"],
  google_compute_security_policy: ["compute", "roles/compute.securityAdmin"],
  google_compute_ssl_policy: ["compute", "roles/compute.securityAdmin"],
  google_compute: ["compute", "roles/compute.networkAdmin"],
  google_dns: ["dns", "roles/dns.admin"],
  google_firebaserules: ["firebaserules", "roles/firebaserules.admin"],
  google_firestore_backup: ["firestore", "roles/datastore.backupSchedulesAdmin"],
  google_firestore_database: ["firestore", "paddockDatabaseMaker"],
  google_firestore: ["firestore", "roles/datastore.indexAdmin"],
  google_iam_workload_identity: ["iam", null],
  google_kms: ["cloudkms", "roles/cloudkms.admin"],
  google_logging_log_view_iam: ["logging", "paddockViewBinder"],
  google_logging: ["logging", "roles/logging.configWriter"],
  google_monitoring: ["monitoring", "roles/monitoring.editor"],
  google_org_policy: ["orgpolicy", null],
  google_project_iam_custom_role: ["iam", null],
  google_project_iam: ["cloudresourcemanager", "roles/resourcemanager.projectIamAdmin"],
  google_project_default_service_accounts: ["iam", null],
  google_project_service: ["serviceusage", null],
  // The whole type: the first beginning that fits counts.
  google_project: ["cloudresourcemanager", null],
  google_secret_manager_secret_iam: ["secretmanager", "paddockSecretBinder"],
  google_secret_manager: ["secretmanager", null],
  google_service_account: ["iam", "roles/iam.serviceAccountAdmin"],
  google_storage: ["storage", "paddockBucketMaker"],
};
/** Resources of the main root that a person applies before a workflow can. */
const byAPerson = ["google_billing_budget", "google_org_policy_policy"];

function needsOf(type: string): readonly [service: string, role: string | null] {
  const prefix = Object.keys(needs).find((start) => type.startsWith(start));
  const found = needs[prefix ?? ""];
  if (found === undefined) throw new Error(`${type}: name its service in services.json and here`);
  return found;
}

const isInTheUs = /^(US|us-(central|east|south|west)\d+)$/;

function rolesOf(name: "bootstrap" | "workflows", account: string): string[] {
  const members = planOf(name)
    .resources()
    .filter(({ type }) => /_iam_member$/.test(type))
    .filter(({ index }) => String(index).startsWith(`${account}/`) || index === account)
    .map(({ type, values }) => `${type.replace(/^google_|_iam_member$/g, "")}: ${values.role}`);
  const inBuckets = bucketGrants(name)
    .filter(({ member }) => member.startsWith(`serviceAccount:paddock-${account}@`))
    .map(({ role }) => `storage_bucket: ${role}`);
  return [...members, ...inBuckets];
}

describe.skipIf(!isPlanned)("the services of a project", () => {
  test("are on before anything that needs one is made, whatever is added", () => {
    const enabled = planOf("workflows").resources("google_project_service");
    const names = new Set(enabled.map(({ values }) => values.service));
    const all = [planOf("main"), planOf("managed"), planOf("workflows")];
    for (const { type, address } of all.flatMap((plan) => plan.resources())) {
      const [service] = needsOf(type);
      expect(names, address).toContain(`${service}.googleapis.com`);
    }
  });

  test("stay on when the deployment goes: others may need them", () => {
    for (const { values } of planOf("bootstrap").resources("google_project_service")) {
      expect(values.disable_on_destroy).toBe(false);
    }
  });
});

describe.skipIf(!isPlanned)("state and secrets", () => {
  test("buckets are nobody's but the project's, in the US, and the state has a history", () => {
    const buckets = planOf("bootstrap").resources("google_storage_bucket");
    expect(buckets).toHaveLength(2);
    for (const { values } of buckets) {
      expect(values).toMatchObject({
        uniform_bucket_level_access: true,
        public_access_prevention: "enforced",
        force_destroy: false,
      });
      expect(values.location).toMatch(isInTheUs);
    }
    const state = planOf("bootstrap").resource("google_storage_bucket.state");
    expect(state.values).toMatchObject({
      name: "paddock-test-paddock-state",
      versioning: [{ enabled: true }],
    });
  });

  test("secrets are containers in the US, without a value", () => {
    const plan = planOf("bootstrap");
    const secrets = plan.resources("google_secret_manager_secret");
    expect(secrets.map(({ values }) => values.secret_id)).toEqual([
      "gateway-tokens",
      "mail-login",
      "peppers",
      "provider-keys",
    ]);
    for (const { values } of secrets) {
      expect(values).toMatchObject({ replication: [{ user_managed: [{}] }] });
      const regions = JSON.stringify(values.replication).match(/"location":"[^"]*"/g) ?? [];
      expect(regions.length).toBeGreaterThanOrEqual(2);
      for (const region of regions) expect(region.slice(12, -1)).toMatch(isInTheUs);
    }
    expect(plan.resources("google_secret_manager_secret_version")).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("identities of workflows", () => {
  test("without a repository there are none", () => {
    const plan = planOf("bootstrap");
    expect(plan.resources("google_iam_workload_identity_pool")).toEqual([]);
    expect(rolesOf("bootstrap", "deploy")).toEqual([]);
  });

  test("a pool admits one workflow of one repository, by name and number", () => {
    const providers = planOf("workflows").resources("google_iam_workload_identity_pool_provider");
    const condition = (name: string) =>
      String(providers.find(({ index }) => index === name)?.values.attribute_condition).split(
        " && ",
      );
    const repository = [
      "assertion.repository == 'example/paddock'",
      "assertion.repository_id == '123456789'",
    ];
    const workflows = "example/paddock/.github/workflows";
    expect(providers).toHaveLength(2);
    expect(condition("deploy")).toEqual([
      ...repository,
      "assertion.ref == 'refs/heads/main'",
      "assertion.environment == 'production'",
      `assertion.workflow_ref == '${workflows}/deploy.yml@refs/heads/main'`,
    ]);
    expect(condition("plan")).toEqual([
      ...repository,
      "assertion.event_name == 'pull_request'",
      `assertion.workflow_ref.startsWith('${workflows}/plan.yml@refs/pull/')`,
    ]);
  });

  test("no account has a key, and none a role that holds everything", () => {
    const plan = planOf("workflows");
    expect(plan.resources("google_service_account_key")).toEqual([]);
    expect(plan.text).not.toMatch(/"roles\/(owner|editor|viewer|storage\.admin|datastore\.owner)"/);
    expect(plan.text).not.toMatch(/"roles\/(secretmanager\.admin|iam\.roleAdmin)"/);
  });

  test("Google's default accounts, which may do almost everything, are disabled", () => {
    const [disabled, ...others] = planOf("bootstrap").resources(
      "google_project_default_service_accounts",
    );
    expect(others).toEqual([]);
    expect(disabled?.values).toMatchObject({ action: "DISABLE", restore_policy: "NONE" });
  });

  test("the planning one reads the state's bucket and nothing else", () => {
    expect(rolesOf("workflows", "plan")).toEqual([
      "service_account: roles/iam.workloadIdentityUser",
      "storage_bucket: roles/storage.objectViewer",
    ]);
  });

  test("the building one pushes images, reads sources, and changes no list it has left", () => {
    expect(new Set(rolesOf("workflows", "build"))).toEqual(
      new Set([
        "artifact_registry_repository: roles/artifactregistry.writer",
        "project: roles/logging.logWriter",
        "storage_bucket: roles/storage.objectCreator",
        "storage_bucket: roles/storage.objectViewer",
      ]),
    );
  });

  test("the deploying one may act as another account only to build", () => {
    const users = planOf("workflows")
      .resources()
      .filter(({ values }) => /serviceAccountUser|TokenCreator/.test(String(values.role)));
    expect(users.map(({ address }) => address)).toEqual([
      'google_service_account_iam_member.acts_as_build["deploy"]',
    ]);
  });

  test("the deploying one may make everything of the main root that a person needn't", () => {
    const held = planOf("workflows")
      .resources()
      .filter(({ type }) => /_iam_member$/.test(type))
      .map(({ type, index, values }) =>
        type.startsWith("google_secret") ? "paddockSecretBinder" : String(index ?? values.role),
      );
    for (const { type, address } of planOf("managed").resources()) {
      const [, role] = needsOf(type);
      if (role === null) expect(byAPerson, address).toContain(type);
      else expect(held.join(" "), address).toContain(role);
    }
  });

  test("the deploying one holds what the preflight asks of it, and its own roles read no data", () => {
    const plan = planOf("workflows");
    const onProject = plan
      .resources("google_project_iam_member")
      .filter(({ index }) => String(index).startsWith("deploy/"))
      .map(({ index }) => String(index).replace("deploy/", ""));
    const own = new Map(
      plan
        .resources("google_project_iam_custom_role")
        .map(({ index, values }) => [String(index), z.array(z.string()).parse(values.permissions)]),
    );
    for (const { permission, workflowRole } of neededForMain) {
      expect(onProject, permission).toContain(workflowRole);
      const permissions = own.get(workflowRole ?? "");
      if (permissions !== undefined) expect(permissions).toContain(permission);
    }
    const { readData } = rolePermissions();
    for (const permissions of own.values()) {
      expect(permissions.filter((name) => readData.includes(name))).toEqual([]);
    }
  });

  test("the deploying one hands over the accounts of the product, each by its own grant", () => {
    const may = planOf("managed").resources("google_service_account_iam_member");
    const deployer = "serviceAccount:paddock-deploy@paddock-test.iam.gserviceaccount.com";
    const users = may.filter(({ values }) => values.role === "roles/iam.serviceAccountUser");
    for (const { values } of users) expect(values.member).toBe(deployer);
    const services = planOf("managed").resources("google_cloud_run_v2_service");
    expect(users).toHaveLength(services.length + ["runner", "scheduler"].length);
  });

  test("the deploying one gives away what the main root gives its accounts, and no more", () => {
    const admin = planOf("workflows").resource(
      'google_project_iam_member.default["deploy/roles/resourcemanager.projectIamAdmin"]',
    );
    const allowed =
      /hasOnly\(\[([^\]]*)\]\)/.exec(JSON.stringify(admin.values.condition))?.[1] ?? "";
    const given = planOf("managed").resources("google_project_iam_member");
    const roles = new Set(given.map(({ values }) => `'${String(values.role)}'`));
    expect(new Set(allowed.split(", "))).toEqual(roles);
  });

  test("the deploying one writes the main root's state and releases, not this root's", () => {
    const writes = bucketGrants("workflows").find(
      ({ bucket, role, member }) =>
        bucket === "state" && role === "roles/storage.objectUser" && /paddock-deploy@/.test(member),
    );
    const condition = writes?.expression ?? "";
    const folders = [...condition.matchAll(/objects\/(\w+)\/'/g)].map(([, folder]) => folder);
    expect(folders).toEqual(["main", "releases"]);
  });

  test("every role says why it is held", () => {
    const grants = readFileSync(join(repositoryRoot, "terraform/bootstrap/grants.tf"), "utf8");
    const reasons = planOf("workflows").outputs.accounts;
    // The plan's outputs leave out what isn't known in advance.
    if (Array.isArray(reasons)) for (const { reason } of reasons) expect(reason).toMatch(/\w{3}/);
    expect(grants).not.toMatch(/reason\s*=\s*""/);
  });
});
