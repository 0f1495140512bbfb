/** Location, encryption keys and retention of data. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { dayMs } from "#shared/core/retention/periods";
import { collectionPlaces, groupOf, hasTimeToLive } from "#shared/core/retention/retention-places";
import { restorableMs, retention } from "#shared/core/retention/retention-table";
import { isPlanned, planOf, refusalOf } from "./support/plan.ts";
import { days, readAll } from "./support/read.ts";

const Key = z.object({ default_kms_key_name: z.string() });
const Bucket = z.object({
  name: z.string(),
  storage_class: z.string(),
  uniform_bucket_level_access: z.boolean(),
  public_access_prevention: z.string(),
  encryption: z.array(Key),
  versioning: z.array(z.object({ enabled: z.boolean() })),
  soft_delete_policy: z.tuple([z.object({ retention_duration_seconds: z.number() })]),
  retention_policy: z.array(z.object({ retention_period: z.string(), is_locked: z.boolean() })),
  lifecycle_rule: z.array(
    z.object({
      action: z.tuple([z.object({ type: z.string() })]),
      condition: z.tuple([
        z.object({
          age: z.number().nullable(),
          days_since_noncurrent_time: z.number().nullable(),
        }),
      ]),
    }),
  ),
});
const Database = z.object({
  name: z.string(),
  point_in_time_recovery_enablement: z.string(),
  delete_protection_state: z.string(),
  cmek_config: z.array(z.object({ kms_key_name: z.string() })),
});
const LogBucket = z.object({
  bucket_id: z.string(),
  location: z.string(),
  retention_days: z.number(),
  cmek_settings: z.array(z.object({ kms_key_name: z.string() })),
});

const buckets = (plan: "main" | "managed" = "main") =>
  readAll(plan, "google_storage_bucket", Bucket).filter(({ address }) =>
    address.startsWith("module.storage."),
  );
const logBuckets = (plan: "main" | "managed" = "main") =>
  readAll(plan, "google_logging_project_bucket_config", LogBucket);

describe.skipIf(!isPlanned)("DAT-1 data at rest", () => {
  test("is encrypted with keys of the project's own by one variable", () => {
    const keys = [
      ...readAll("managed", "google_firestore_database", Database).map(
        ({ values }) => values.cmek_config[0]?.kms_key_name,
      ),
      ...buckets("managed").map(({ values }) => values.encryption[0]?.default_kms_key_name),
      ...logBuckets("managed")
        .filter(({ values }) => values.bucket_id !== "_Default")
        .map(({ values }) => values.cmek_settings[0]?.kms_key_name),
    ];
    const key = /^projects\/[^/]+\/locations\/us\/keyRings\/paddock\/cryptoKeys\/at-rest-\w+$/;
    expect(keys).toHaveLength(9);
    for (const each of keys) expect(each).toMatch(key);
  });

  test("may then be read by Google's agent of each service, with a key for that service alone", () => {
    const Grant = z.object({ role: z.string(), member: z.string() });
    const grants = readAll("managed", "google_kms_crypto_key_iam_member", Grant)
      .filter(({ values }) => values.role.endsWith("cryptoKeyEncrypterDecrypter"))
      .map(({ key, values }) => [key, values.member.replace(/^.*@|\..*$/g, "")]);
    expect(Object.fromEntries(grants)).toEqual({
      buckets: "gs-project-accounts",
      databases: "gcp-sa-firestore",
      logs: "gcp-sa-logging",
    });
  });

  test("is never in a bucket that could be public, or with access of its own for an object", () => {
    for (const { values } of [...buckets(), ...buckets("managed")]) {
      expect(values).toMatchObject({
        uniform_bucket_level_access: true,
        public_access_prevention: "enforced",
      });
    }
  });
});

describe.skipIf(!isPlanned)("DAT-2 places", () => {
  const Placed = z.object({
    location: z.string().optional(),
    location_id: z.string().optional(),
    region: z.string().optional(),
  });
  const places = (plan: "main" | "managed" | "bootstrap") =>
    planOf(plan)
      .resources()
      .flatMap(({ address, values }) => {
        const { location, location_id: id, region } = Placed.parse(values);
        return [location, id, region].flatMap((place) => (place ? [{ address, place }] : []));
      });

  test.each(["main", "managed", "bootstrap"] as const)("of %s are in the US", (plan) => {
    const inTheUs = /^(us|us-[a-z]+[0-9]+|nam[57])$/i;
    const elsewhere = places(plan).filter(({ place }) => !inTheUs.test(place));
    const named =
      plan === "bootstrap" ? [] : ["module.logs.google_logging_project_bucket_config.fixed"];
    expect(elsewhere.filter(({ address }) => !/certificate|github/.test(address))).toEqual(
      named.map((address) => ({ address, place: "global" })),
    );
  });

  test("elsewhere are refused before anything is planned", () => {
    const said = refusalOf("abroad");
    expect(said).toContain("User data stays in the US: set location to US");
    expect(said).toContain("User data stays in the US: set region to one");
  });

  test("are the organisation's policy too, where the caller may set it", () => {
    const Policy = z.object({
      spec: z.tuple([
        z.object({
          rules: z.tuple([
            z.object({
              enforce: z.string().nullable(),
              values: z.array(z.object({ allowed_values: z.array(z.string()) })),
            }),
          ]),
        }),
      ]),
    });
    const rules = readAll("managed", "google_org_policy_policy", Policy).map(
      ({ key, values }) => [key, values.spec[0].rules[0]] as const,
    );
    expect(Object.fromEntries(rules)).toMatchObject({
      "gcp.resourceLocations": { values: [{ allowed_values: ["in:us-locations"] }] },
      "storage.publicAccessPrevention": { enforce: "TRUE" },
      "iam.disableServiceAccountKeyCreation": { enforce: "TRUE" },
    });
    expect(planOf("main").resources("google_org_policy_policy")).toEqual([]);
  });

  test("that Google fixes hold nothing: the bucket _Default gets no logs and keeps none", () => {
    const fixed = logBuckets().filter(({ values }) => values.location === "global");
    expect(fixed.map(({ values }) => values)).toMatchObject([
      { bucket_id: "_Default", retention_days: 1 },
    ]);
    const Sink = z.object({ name: z.string(), destination: z.string() });
    const sinks = readAll("main", "google_logging_project_sink", Sink);
    expect(sinks.map(({ values }) => values.name)).toContain("_Default");
    for (const { values } of sinks) {
      expect(values.destination).toMatch(/\/locations\/us\/buckets\/paddock-\w+$/);
    }
  });
});

describe.skipIf(!isPlanned)("DAT-4 what is deleted", () => {
  test("is gone from the last backup after eight weeks, 86 days after its deletion at most", () => {
    const Schedule = z.object({ database: z.string(), retention: z.string() });
    const schedules = readAll("main", "google_firestore_backup_schedule", Schedule);
    expect(schedules.map(({ values }) => values.database)).toEqual(["(default)"]);
    for (const { values } of schedules) {
      expect(days(values.retention)).toBeLessThanOrEqual(56);
      expect(days(values.retention)).toBe(retention.backups.keptMs / dayMs);
    }
  });

  test("of key pairs is gone at once: nothing brings the second database back", () => {
    const databases = readAll("main", "google_firestore_database", Database);
    const recovery = Object.fromEntries(
      databases.map(({ values }) => [values.name, values.point_in_time_recovery_enablement]),
    );
    expect(recovery).toEqual({
      "(default)": "POINT_IN_TIME_RECOVERY_ENABLED",
      keys: "POINT_IN_TIME_RECOVERY_DISABLED",
    });
  });

  test("of workspaces is gone within 30 days, its older versions included", () => {
    const { values } = buckets().find(({ key }) => key === "workspaces") ?? expect.fail();
    expect(values.versioning).toEqual([{ enabled: true }]);
    const noncurrentDays = values.lifecycle_rule
      .filter(({ action }) => action[0].type === "Delete")
      .map(({ condition }) => condition[0].days_since_noncurrent_time ?? Number.NaN);
    expect(noncurrentDays).toHaveLength(1);
    const softDays = days(values.soft_delete_policy[0].retention_duration_seconds);
    expect(softDays + Math.max(...noncurrentDays)).toBeLessThanOrEqual(30);
    expect([softDays, ...noncurrentDays]).toEqual([restorableMs / dayMs, restorableMs / dayMs]);
    expect(softDays + Math.max(...noncurrentDays)).toBe(retention.deletedFiles.keptMs / dayMs);
    expect(values.retention_policy).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("DAT-6 retention", () => {
  test("of each class of logs is what was promised, and each entry goes to one class", () => {
    const kept = logBuckets().map(({ values }) => [values.bucket_id, values.retention_days]);
    expect(Object.fromEntries(kept)).toEqual({
      "paddock-executions": 30,
      "paddock-access": 90,
      "paddock-audit": 400,
      _Default: 1,
    });
    const Sink = z.object({ destination: z.string(), filter: z.string() });
    const sinks = readAll("main", "google_logging_project_sink", Sink).map(({ values }) => values);
    const filterTo = (bucket: string) =>
      sinks.find(({ destination }) => destination.endsWith(bucket))?.filter ?? expect.fail();
    const audit = filterTo("paddock-audit");
    const isExecution = 'resource.type="cloud_run_job"';
    expect(filterTo("paddock-executions")).toBe(`${isExecution} AND NOT (${audit})`);
    expect(filterTo("paddock-access")).toBe(`NOT (${isExecution}) AND NOT (${audit})`);
  });

  test("takes in no whole address of a request, but for what was refused or would have been", () => {
    const Sink = z.object({
      name: z.string(),
      exclusions: z.array(z.object({ filter: z.string(), disabled: z.boolean() })),
    });
    const sinks = readAll("main", "google_logging_project_sink", Sink);
    const { values } = sinks.find(({ key }) => key === "_Default") ?? expect.fail();
    expect(values.exclusions).toEqual([
      { filter: 'log_id("run.googleapis.com/requests")', disabled: false },
      {
        filter:
          'resource.type="http_load_balancer" AND ' +
          'jsonPayload.statusDetails="response_sent_by_backend" AND ' +
          "NOT jsonPayload.previewSecurityPolicy:*",
        disabled: false,
      },
    ]);
  });

  test("of billing records is seven years, and not for ever", () => {
    const { values } = buckets().find(({ key }) => key === "archive") ?? expect.fail();
    const [policy] = values.retention_policy;
    expect(values.storage_class).toBe("ARCHIVE");
    expect(days(policy?.retention_period ?? 0)).toBeGreaterThanOrEqual(7 * 365 + 2);
    expect(days(policy?.retention_period ?? 0)).toBe(retention.billingArchive.keptMs / dayMs);
    const ages = values.lifecycle_rule
      .filter(({ action }) => action[0].type === "Delete")
      .map(({ condition }) => condition[0].age);
    expect(ages).toEqual([days(policy?.retention_period ?? 0) + 1]);
  });

  test("of what expires is enforced by the database itself", () => {
    const Field = z.object({
      collection: z.string(),
      database: z.string(),
      field: z.string(),
      ttl_config: z.array(z.unknown()),
    });
    const expiring = readAll("main", "google_firestore_field", Field)
      .filter(({ values }) => values.ttl_config.length === 1)
      .map(({ values }) => `${values.database} ${values.collection}.${values.field}`);
    const stated = collectionPlaces.filter(hasTimeToLive).map((place) => {
      expect(place.database).toBe("main");
      return `(default) ${groupOf(place)}.expireAt`;
    });
    const inOrder = (names: readonly string[]) =>
      names.toSorted((a, b) => a.localeCompare(b, "en"));
    expect(inOrder(expiring)).toEqual(inOrder(stated));
    expect(expiring.length).toBeGreaterThanOrEqual(4);
  });

  test("needs no index: each one that the code's queries need is planned", () => {
    const declared = z
      .object({ indexes: z.array(z.unknown()), fieldOverrides: z.array(z.unknown()) })
      .parse(JSON.parse(readFileSync("firestore.indexes.json", "utf8")));
    const planned = (type: string) => planOf("main").resources(type).length;
    expect(planned("google_firestore_index")).toBe(declared.indexes.length);
    expect(planned("google_firestore_field")).toBe(declared.fieldOverrides.length);
  });
});
