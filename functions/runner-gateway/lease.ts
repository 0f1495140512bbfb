/**
 * The lease, which a runner sends back with each heartbeat: the execution's version and its hold.
 * It is signed, so that a heartbeat can trust it, and needs no read to know whether more must be
 * held.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { SigningKeys } from "#shared/core/executions/ticket";
import type { Version } from "#shared/store/documents";
import { formatVersion, parseVersion } from "#shared/store/versions";

export interface KnownLease {
  readonly executionId: string;
  readonly version: Version;
  /** Null if the signature isn't ours; then the hold must be read. */
  readonly heldMicrousd: number | null;
}

/** A version can't have more than eleven digits of seconds. */
const form = /^([0-9]{1,11}\.[0-9]{9})(?:\.([0-9]{1,15})\.([0-9a-f]{64}))?$/;

function sign(executionId: string, stated: string, key: Buffer): Buffer {
  return createHmac("sha256", key).update(`lease.${executionId}.${stated}`).digest();
}

export function formatLease(lease: KnownLease, keys: SigningKeys): string {
  const key = keys.keys[keys.current];
  const version = formatVersion(lease.version);
  if (!key || lease.heldMicrousd === null) return version;
  const stated = `${version}.${lease.heldMicrousd}`;
  return `${stated}.${sign(lease.executionId, stated, key).toString("hex")}`;
}

/** Null if `text` isn't a lease; without the held amount if none of our keys has signed it. */
export function parseLease(
  text: string,
  executionId: string,
  { keys }: SigningKeys,
): KnownLease | null {
  const [, versionText = "", held = "", signature = ""] = form.exec(text) ?? [];
  const version = parseVersion(versionText);
  if (!version) return null;
  const given = Buffer.from(signature, "hex");
  const isOurs = Object.values(keys).some((key) => {
    const expected = sign(executionId, `${versionText}.${held}`, key);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return { executionId, version, heldMicrousd: isOurs ? Number(held) : null };
}
