/** An id is a prefix for its kind and 21 URL-safe characters (126 random bits). */
import { createHash } from "node:crypto";
import * as z from "zod";
import { assert } from "./assert.ts";

export const idPrefixes = {
  owner: "user",
  apiKey: "key",
  thread: "thread",
  message: "msg",
  environment: "env",
  agent: "agent",
  skill: "skill",
  execution: "run",
  ledgerEntry: "rec",
  auditRow: "aud",
  operator: "op",
  creditRequest: "crq",
  accountExport: "exp",
  incident: "inc",
  anomaly: "ano",
  containment: "ctm",
  delivery: "dlv",
  schedule: "sched",
  scheduleRun: "srun",
  trigger: "trig",
  triggerExecution: "texec",
  orchestration: "orch",
  orchestrationRun: "orun",
  orchestrationStep: "step",
  snapshot: "snap",
  change: "chg",
  fileUpload: "upl",
  fileDownload: "dnl",
} as const;
export type IdKind = keyof typeof idPrefixes;
/** What a repeated request makes again under the same id: two commits must never share a row. */
export type RepeatableKind = Exclude<IdKind, "auditRow">;

const randomLength = 21;

/** The form of one kind's ids. An id that doesn't match can't exist, so no read is needed. */
export function idSchema(kind: IdKind): z.ZodString {
  const prefix = idPrefixes[kind];
  return z
    .string()
    .regex(
      new RegExp(`^${prefix}_[A-Za-z0-9_-]{${randomLength}}$`),
      `must be an id: ${prefix}_ and ${randomLength} letters, digits, - or _`,
    );
}

/** An id that is always the same for the same parts, so that a repetition collides. */
export function derivedId(kind: IdKind, ...parts: readonly string[]): string {
  assert(parts.length > 0);
  const digest = createHash("sha256")
    .update(JSON.stringify([kind, ...parts]))
    .digest("base64url");
  return `${idPrefixes[kind]}_${digest.slice(0, randomLength)}`;
}

export function idOf(kind: IdKind, random: string): string {
  assert(random.length === randomLength);
  return `${idPrefixes[kind]}_${random}`;
}
