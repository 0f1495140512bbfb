/** Who may use which key, and how keys come and go. */
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { isPlanned, planOf } from "./support/plan.ts";
import { days, readAll } from "./support/read.ts";

const Grant = z.object({ crypto_key_id: z.string(), role: z.string(), member: z.string() });
const CryptoKey = z.object({
  name: z.string(),
  purpose: z.string(),
  rotation_period: z.string().nullable(),
  destroy_scheduled_duration: z.string(),
  version_template: z.tuple([z.object({ algorithm: z.string(), protection_level: z.string() })]),
});

const nameOf = (id: string) => id.replace(/^.*\//, "");
const accountOf = (member: string) => member.replace(/^serviceAccount:fn-|@.*$/g, "");
const grants = () =>
  readAll("main", "google_kms_crypto_key_iam_member", Grant).map(({ values }) => ({
    key: nameOf(values.crypto_key_id),
    role: nameOf(values.role),
    account: accountOf(values.member),
  }));

describe.skipIf(!isPlanned)("SEC-3 opening", () => {
  test("of environment secrets is granted to one account", () => {
    const openers = grants().filter(
      ({ key, role }) => key === "environment-secrets" && role !== "cloudkms.cryptoKeyEncrypter",
    );
    expect(openers).toEqual([
      {
        key: "environment-secrets",
        role: "cloudkms.cryptoKeyDecrypter",
        account: "runner-gateway",
      },
    ]);
  });

  test("and wrapping never go to the same account, and nobody has both by one role", () => {
    const all = grants();
    const roles = new Set(all.map(({ role }) => role));
    for (const role of roles) expect(role).toMatch(/^cloudkms\.(cryptoKey(En|De)crypter|signer)$/);
    const pairs = all.map(({ key, account }) => `${key} ${account}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  test("has a key for each purpose", () => {
    const keys = readAll("main", "google_kms_crypto_key", CryptoKey).map(({ key }) => key);
    expect(keys).toEqual(
      expect.arrayContaining(["audit-details", "environment-secrets", "trigger-secrets"]),
    );
  });

  test("can't be had through the ring or the project", () => {
    const all = planOf("main").resources();
    const wide = all.filter(
      ({ type, values }) =>
        type.startsWith("google_kms_key_ring_iam") ||
        (/^google_project_iam_(member|binding|policy)$/.test(type) &&
          /kms|owner|editor/.test(String(values.role))),
    );
    expect(wide.map(({ address }) => address)).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("SEC-6 keys", () => {
  const symmetric = () =>
    readAll("managed", "google_kms_crypto_key", CryptoKey).filter(
      ({ values }) => values.purpose === "ENCRYPT_DECRYPT",
    );

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
    const levels = readAll("managed", "google_kms_crypto_key", CryptoKey).map(
      ({ values }) => values.version_template[0].protection_level,
    );
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
