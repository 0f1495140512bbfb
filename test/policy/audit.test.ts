/** What is audited, who may read it, and that nobody can change it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { bucketGrants } from "./support/bucket-grants.ts";
import { isPlanned, planOf } from "./support/plan.ts";
import { days, readAll } from "./support/read.ts";

describe.skipIf(!isPlanned)("AUD-5 records", () => {
  const lockedLogs = (plan: "main" | "managed") => {
    const Bucket = z.object({ bucket_id: z.string(), locked: z.boolean().nullable() });
    return readAll(plan, "google_logging_project_bucket_config", Bucket)
      .filter(({ values }) => values.locked)
      .map(({ values }) => values.bucket_id)
      .toSorted((a, b) => a.localeCompare(b, "en"));
  };
  const Retention = z.object({
    name: z.string(),
    force_destroy: z.boolean(),
    retention_policy: z.array(z.object({ retention_period: z.string(), is_locked: z.boolean() })),
  });

  test("of requests and of what was done in the project lie in buckets that a setting locks", () => {
    expect(lockedLogs("managed")).toEqual(["paddock-access", "paddock-audit"]);
  });

  test("are locked for good by nothing that nobody asked for", () => {
    expect(lockedLogs("main")).toEqual([]);
    const buckets = readAll("main", "google_storage_bucket", Retention);
    const locked = buckets.filter(({ values }) =>
      values.retention_policy.some(({ is_locked: isLocked }) => isLocked),
    );
    expect(locked).toEqual([]);
  });

  test("lie only in retained buckets that a function writes to", () => {
    const { functions } = z
      .object({ functions: z.record(z.string(), z.object({ roles: z.array(z.string()) })) })
      .parse(JSON.parse(readFileSync(join(repositoryRoot, "dist/functions.json"), "utf8")));
    const roles = Object.values(functions).flatMap((declared) => declared.roles);
    const retained = readAll("main", "google_storage_bucket", Retention).filter(
      ({ values }) => values.retention_policy.length > 0,
    );
    expect(retained.map(({ key }) => key).sort()).toEqual(["archive", "checkpoints"]);
    for (const { key } of retained) expect(roles).toContain(`${key}.store`);
  });

  test("that prove the others, signed checkpoints, can't be changed or removed for 400 days", () => {
    const checkpoints = readAll("managed", "google_storage_bucket", Retention).find(
      ({ key }) => key === "checkpoints",
    );
    const [policy] = checkpoints?.values.retention_policy ?? [];
    expect(policy?.is_locked).toBe(true);
    expect(days(policy?.retention_period ?? 0)).toBeGreaterThanOrEqual(400);
    expect(checkpoints?.values.force_destroy).toBe(false);
  });

  test("are signed with Ed25519, which hardware modules don't offer, by one account alone", () => {
    const Key = z.object({
      purpose: z.string(),
      version_template: z.tuple([
        z.object({ algorithm: z.string(), protection_level: z.string() }),
      ]),
    });
    for (const plan of ["main", "managed"] as const) {
      const signing = readAll(plan, "google_kms_crypto_key", Key)
        .filter(({ values }) => values.purpose === "ASYMMETRIC_SIGN")
        .map(({ key, values }) => [key, values.version_template[0]]);
      const template = { algorithm: "EC_SIGN_ED25519", protection_level: "SOFTWARE" };
      expect(signing).toEqual([
        ["certificates", template],
        ["checkpoints", template],
        ["evidence", template],
      ]);
    }
    const Grant = z.object({ crypto_key_id: z.string(), role: z.string(), member: z.string() });
    const grants = readAll("main", "google_kms_crypto_key_iam_member", Grant)
      .filter(({ values }) => values.crypto_key_id.endsWith("/cryptoKeys/checkpoints"))
      .map(({ values }) => `${values.member.split("@")[0]} ${values.role}`);
    expect(grants.toSorted((a, b) => a.localeCompare(b, "en"))).toEqual([
      "serviceAccount:fn-audit roles/cloudkms.publicKeyViewer",
      "serviceAccount:fn-audit-sequencer roles/cloudkms.publicKeyViewer",
      "serviceAccount:fn-audit-sequencer roles/cloudkms.signer",
      "serviceAccount:fn-exporter roles/cloudkms.publicKeyViewer",
    ]);
  });

  test.each([
    ["certificates of deleted accounts", "certificates", "fn-maintenance"],
    ["evidence of executions", "evidence", "fn-evidence"],
  ])("differ from %s, whose key one account alone may use", (_what, purpose, account) => {
    const Grant = z.object({ crypto_key_id: z.string(), role: z.string(), member: z.string() });
    const grants = readAll("main", "google_kms_crypto_key_iam_member", Grant)
      .filter(({ values }) => values.crypto_key_id.endsWith(`/cryptoKeys/${purpose}`))
      .map(({ values }) => `${values.member.split("@")[0]} ${values.role}`);
    expect(grants.toSorted((a, b) => a.localeCompare(b, "en"))).toEqual([
      `serviceAccount:${account} roles/cloudkms.publicKeyViewer`,
      `serviceAccount:${account} roles/cloudkms.signer`,
    ]);
  });

  test("are stored by that account alone, and nobody can delete them", () => {
    const granted = bucketGrants("main").filter(({ bucket }) => bucket === "checkpoints");
    const roles = granted.map(({ member, role }) => `${member.split("@")[0]} ${role}`);
    expect(roles.toSorted((a, b) => a.localeCompare(b, "en"))).toEqual([
      "serviceAccount:fn-audit roles/storage.objectViewer",
      "serviceAccount:fn-audit-sequencer roles/storage.objectCreator",
      "serviceAccount:fn-audit-sequencer roles/storage.objectViewer",
      "serviceAccount:fn-evidence roles/storage.objectViewer",
      "serviceAccount:fn-exporter roles/storage.objectViewer",
    ]);
    for (const { expression } of granted) {
      expect(expression).toContain("-checkpoints/objects/");
    }
  });

  test("are made every minute", () => {
    const Job = z.object({ schedule: z.string() });
    const jobs = readAll("main", "google_cloud_scheduler_job", Job);
    const sequencing = jobs.find(({ key }) => key === "audit-sequencer-sequence");
    expect(sequencing?.values.schedule).toBe("* * * * *");
  });

  test("are in reach of no account that could rewrite where they go", () => {
    const writers = planOf("managed")
      .resources()
      .filter(({ values }) =>
        /logging\.(admin|configWriter)|owner|editor/.test(String(values.role)),
      );
    expect(writers.map(({ address }) => address)).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("AUD-6 reading", () => {
  const services = [
    "cloudkms.googleapis.com",
    "datastore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ];
  const Config = z.object({
    service: z.string(),
    audit_log_config: z.array(
      z.object({ log_type: z.string(), exempted_members: z.array(z.string()).nullable() }),
    ),
  });
  const configs = () => readAll("main", "google_project_iam_audit_config", Config);

  test("of keys, documents, objects, secrets and logs is itself on the record", () => {
    expect(configs().map(({ values }) => values.service)).toEqual(services);
    for (const { values } of configs()) {
      const types = values.audit_log_config.map(({ log_type: type }) => type);
      expect(types.toSorted((a, b) => a.localeCompare(b, "en"))).toEqual([
        "ADMIN_READ",
        "DATA_READ",
        "DATA_WRITE",
      ]);
    }
  });

  test("goes unrecorded only for functions' accounts, of documents, objects and signatures", () => {
    for (const { values } of configs()) {
      const exempted = values.audit_log_config.flatMap(({ exempted_members: all }) => all ?? []);
      if (!/datastore|storage|^iam/.test(values.service)) expect(exempted).toEqual([]);
      for (const member of exempted) expect(member).toMatch(/^serviceAccount:fn-[a-z-]+@/);
    }
  });

  test("of logs takes a grant on the view of one class, and each names who", () => {
    const Access = z.object({ name: z.string(), role: z.string(), member: z.string() });
    const granted = readAll("managed", "google_logging_log_view_iam_member", Access);
    const admin = {
      name: "paddock-access",
      role: "roles/logging.viewAccessor",
      member: expect.stringMatching(/^serviceAccount:fn-admin@/),
    };
    expect(granted.map(({ values }) => values)).toMatchObject([
      // It searches for operators that another has made auditors.
      admin,
      {
        name: "paddock-access",
        role: "roles/logging.viewAccessor",
        member: "group:operators@example.com",
      },
      {
        name: "paddock-audit",
        role: "roles/logging.viewAccessor",
        member: "group:audit@example.com",
      },
    ]);
    const main = readAll("main", "google_logging_log_view_iam_member", Access);
    expect(main.map(({ values }) => values)).toMatchObject([admin]);
  });

  test("of the whole project's logs is granted to nobody", () => {
    const readers = planOf("managed")
      .resources()
      .filter(({ values }) =>
        /logging\.(privateLogV|v)iewer|roles\/viewer/.test(String(values.role)),
      );
    expect(readers.map(({ address }) => address)).toEqual([]);
  });
});
