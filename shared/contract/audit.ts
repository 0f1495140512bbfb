/** Bodies of `/v1/audit`. */
import * as z from "zod";
import { idSchema } from "../core/ids.ts";
import { from, until } from "./instants.ts";

export const AuditRowBody = z.object({
  id: z.string(),
  createdAt: z.string(),
  /** Who did it: a key, an operator, a runner or maintenance. */
  actor: z.object({ type: z.enum(["key", "operator", "runner", "maintenance"]), id: z.string() }),
  action: z.string(),
  subject: z.string(),
  requestId: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.int(), z.boolean(), z.null()])),
  /** Addresses, user agents and task texts are sealed. Null if the row has none. */
  details: z.literal("sealed").nullable(),
  /** The row's number in the owner's tree, from 0; null until it has one. */
  sequence: z.int().nullable(),
  leafHash: z.string(),
});
export type AuditRowBody = z.infer<typeof AuditRowBody>;

/** A page may have fewer rows than its limit, although there are more. */
export const AuditList = z.object({
  object: z.literal("list"),
  data: z.array(AuditRowBody),
  has_more: z.boolean(),
  /** Where the next page begins; null at the end. */
  next_cursor: z.string().nullable(),
});

/** The time and id of the last row that was looked at. */
const cursor = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})-aud_[A-Za-z0-9_-]{21}$/, "must be the next_cursor of a page")
  .transform((text) => {
    const end = text.indexOf("-");
    return { value: Number(text.slice(0, end)), id: text.slice(end + 1) };
  });

export const AuditQuery = z.object({
  action: z
    .string()
    .max(64)
    .regex(/^[a-z_]+\.[a-z_]+$/, "must be an action, such as key.created")
    .optional(),
  keyId: idSchema("apiKey").optional(),
  subject: z.string().min(1).max(128).optional(),
  from,
  to: until,
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: cursor.optional(),
});
export type AuditQuery = z.output<typeof AuditQuery>;
