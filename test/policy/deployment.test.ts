/**
 * One apply makes everything from the code's own lists, and whatever isn't protected can be
 * removed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import type { PlanName } from "./support/plans.ts";

const { functions } = await listFunctions(repositoryRoot);

/** The API that makes a resource, by the start of its type; the longest match counts. */
const apis: Readonly<Record<string, string>> = {
  google_billing_budget: "billingbudgets",
  google_binary_authorization: "binaryauthorization",
  google_certificate_manager: "certificatemanager",
  google_cloud_run: "run",
  google_cloud_scheduler: "cloudscheduler",
  google_compute: "compute",
  google_dns: "dns",
  google_firebaserules: "firebaserules",
  google_firestore: "firestore",
  google_kms: "cloudkms",
  google_logging: "logging",
  google_monitoring: "monitoring",
  google_org_policy: "orgpolicy",
  google_project_iam: "cloudresourcemanager",
  google_project_iam_custom_role: "iam",
  google_secret_manager: "secretmanager",
  google_service_account: "iam",
  google_storage: "storage",
};

function apiOf(type: string): string {
  const prefixes = Object.keys(apis).filter((prefix) => type.startsWith(prefix));
  const longest = prefixes.sort((a, b) => b.length - a.length)[0];
  return `${apis[longest ?? ""] ?? `unknown to this test: ${type}`}.googleapis.com`;
}

describe.skipIf(!isPlanned)("OPS-2 one apply", () => {
  test("deploys every function that the code declares, and no other", () => {
    const services = planOf("main").resources("google_cloud_run_v2_service");
    const declared = Object.entries(functions).map(([name, { limits, nodeOptions }]) => ({
      name,
      concurrency: limits.concurrency,
      instances: limits.instancesMax,
      memory: `${limits.memoryMib}Mi`,
      timeout: `${limits.timeoutSeconds}s`,
      nodeOptions,
    }));
    expect(services.map(({ values }) => deployed(values))).toEqual(declared);
  });

  test("calls every route that is due by itself, when it is due", () => {
    const calls = planOf("main")
      .resources("google_cloud_scheduler_job")
      .map(({ values }) => `${values.name} ${values.schedule}`);
    const due = Object.entries(functions).flatMap(([name, { routes }]) =>
      routes
        .filter(({ cron }) => cron !== null)
        .map(({ path, cron }) => `${name}-${path.split("/").at(-1)} ${cron}`),
    );
    expect(calls.sort()).toEqual(due.sort());
  });

  test.each<PlanName>(["main", "large"])("of %s finds every API enabled by bootstrap", (name) => {
    const path = join(repositoryRoot, "terraform/bootstrap/services.json");
    const enabled = Object.keys(JSON.parse(readFileSync(path, "utf8")));
    const needed = new Set(
      planOf(name)
        .resources()
        .map(({ type }) => apiOf(type)),
    );
    expect([...needed].filter((api) => !enabled.includes(api))).toEqual([]);
  });

  test("takes what a project has once, so no prefix makes room for a second one", () => {
    const named = (type: string, attribute: string) =>
      planOf("main")
        .resources(type)
        .map(({ values }) => values[attribute]);
    expect(named("google_logging_project_bucket_config", "bucket_id")).toContain("_Default");
    expect(named("google_logging_project_sink", "name")).toContain("_Default");
    expect(named("google_project_iam_audit_config", "service")).not.toEqual([]);
    expect(named("google_binary_authorization_policy", "project")).toHaveLength(1);
    expect(named("google_firestore_database", "name")).toContain("(default)");
    expect(named("google_firebaserules_release", "name")).toContain("cloud.firestore");
    for (const name of named("google_storage_bucket", "name"))
      expect(name).toMatch(/^paddock-test-/);
  });

  test("names accounts as Google takes them: 6 to 30 characters", () => {
    for (const name of ["main", "bootstrap"] as const) {
      for (const { values } of planOf(name).resources("google_service_account")) {
        expect(values.account_id).toMatch(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/);
      }
    }
  });

  test("makes the domain's records where it keeps the zone, and else says which they are", () => {
    const records = (name: PlanName) =>
      planOf(name)
        .resources("google_dns_record_set")
        .map(({ address }) => address)
        .filter((address) => !address.startsWith("module."));
    expect(records("main")).toEqual([]);
    expect(records("large").sort()).toEqual([
      'google_dns_record_set.edge["example-com"]',
      'google_dns_record_set.proofs["edge"]',
      'google_dns_record_set.proofs["gateways"]',
    ]);
  });

  test("asks for nothing that is made by hand: no data is looked up", () => {
    const { text } = planOf("main");
    expect(text).not.toContain('"mode":"data"');
  });
});

describe.skipIf(!isPlanned)("OPS-2 destroy", () => {
  const isProtected = ({ values }: { values: Record<string, unknown> }) =>
    values.deletion_protection === true ||
    values.force_destroy === false ||
    values.delete_protection_state === "DELETE_PROTECTION_ENABLED" ||
    values.deletion_policy === "PREVENT";
  const keepers = (name: PlanName) =>
    planOf(name)
      .resources()
      .filter(({ type }) => type !== "google_dns_managed_zone")
      .filter(isProtected)
      .map(({ address }) => address);

  test("works where protection is off", () => {
    expect(keepers("small")).toEqual([]);
  });

  test("is refused where it is on by what holds data, and by that alone", () => {
    const kept = new Set(
      keepers("main").map((address) => address.replace(/.*(google_\w+).*/, "$1")),
    );
    expect([...kept].sort()).toEqual([
      "google_firestore_database",
      "google_kms_crypto_key",
      "google_storage_bucket",
    ]);
  });

  test("of a service or a job that failed when it was made is never refused", () => {
    const stateless = planOf("main")
      .resources()
      .filter(({ type }) => /^google_cloud_run_v2_(service|job)$/.test(type));
    expect(stateless.length).toBeGreaterThan(0);
    for (const { address, values } of stateless) {
      expect(values.deletion_protection, address).toBe(false);
    }
  });
});

function deployed(values: Record<string, unknown>) {
  const [template] = values.template as {
    containers: { env: { name: string; value: string }[]; resources: { limits: object }[] }[];
    max_instance_request_concurrency: number;
    scaling: { max_instance_count: number }[];
    timeout: string;
  }[];
  const container = template?.containers[0];
  return {
    name: values.name,
    concurrency: template?.max_instance_request_concurrency,
    instances: template?.scaling[0]?.max_instance_count,
    memory: (container?.resources[0]?.limits as { memory: string } | undefined)?.memory,
    timeout: template?.timeout,
    nodeOptions: container?.env.find(({ name }) => name === "NODE_OPTIONS")?.value,
  };
}
