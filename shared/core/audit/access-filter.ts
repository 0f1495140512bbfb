/** Writes filters of Cloud Logging's query language for the log of requests. Pure. */

/** What requests are searched by; null for anything. */
export interface AccessCriteria {
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly status: number | null;
  /** Epoch milliseconds; the end isn't part of it. */
  readonly from: number;
  readonly until: number;
}

const log = "run.googleapis.com%2Fstdout";

/** Values are quoted, so none of them can be more than a value. */
export function accessFilter(projectId: string, criteria: AccessCriteria): string {
  const { keyId, userId, address, requestId, status, from, until } = criteria;
  const fields = {
    callerId: keyId,
    ownerId: userId,
    address,
    requestId,
    status: status === null ? null : String(status),
  };
  const asked = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [`jsonPayload.${name}=${quoted(value)}`],
  );
  return [
    `logName=${quoted(`projects/${projectId}/logs/${log}`)}`,
    `timestamp>=${quoted(new Date(from).toISOString())}`,
    `timestamp<${quoted(new Date(until).toISOString())}`,
    ...asked,
  ].join(" AND ");
}

function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&")}"`;
}
