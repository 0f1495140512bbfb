/** How keys are created and retired; accounts.test.ts says who may use which. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned } from "./support/plan.ts";
import { days, readAll } from "./support/read.ts";

const CryptoKey = z.object({
  name: z.string(),
  purpose: z.string(),
  rotation_period: z.string().nullable(),
  destroy_scheduled_duration: z.string(),
  version_template: z.tuple([z.object({ algorithm: z.string(), protection_level: z.string() })]),
});

describe.skipIf(!isPlanned)("SEC-6 keys", () => {
  const symmetric = () =>
    readAll("managed", "google_kms_crypto_key", CryptoKey).filter(
      ({ values }) => values.purpose === "ENCRYPT_DECRYPT",
    );

  test("are one for each purpose, so that each can have openers of its own", () => {
    const purposes = readAll("main", "google_kms_crypto_key", CryptoKey).map(({ key }) => key);
    expect(purposes).toEqual(
      expect.arrayContaining(["audit-details", "environment-secrets", "trigger-secrets"]),
    );
  });

  test("that wrap get a new version four times a year", () => {
    expect(symmetric().length).toBeGreaterThanOrEqual(6);
    for (const { values } of symmetric()) {
      expect(days(values.rotation_period ?? Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(92);
    }
  });

  test("that are ordered to be destroyed are gone within 30 days", () => {
    for (const { values } of readAll("main", "google_kms_crypto_key", CryptoKey)) {
      expect(days(values.destroy_scheduled_duration)).toBeLessThanOrEqual(30);
    }
  });

  test("live in hardware by one variable", () => {
    const levels = symmetric().map(({ values }) => values.version_template[0].protection_level);
    expect(new Set(levels)).toEqual(new Set(["HSM"]));
  });

  test("of owners lie in a database that has neither backups nor a way back", () => {
    const Database = z.object({ name: z.string(), point_in_time_recovery_enablement: z.string() });
    const databases = readAll("main", "google_firestore_database", Database);
    const keys = databases.find(({ values }) => values.name === "keys");
    expect(keys?.values.point_in_time_recovery_enablement).toBe("POINT_IN_TIME_RECOVERY_DISABLED");
    const Schedule = z.object({ database: z.string() });
    const backedUp = readAll("managed", "google_firestore_backup_schedule", Schedule);
    expect(backedUp.map(({ values }) => values.database)).not.toContain("keys");
  });
});
