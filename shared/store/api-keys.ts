import { z } from "zod";
import { scopes } from "../core/scopes.ts";
import { systemCollection } from "./documents.ts";

/** A key as one read finds it: its document's id is the SHA-256 of the key. */
export const ApiKey = z.object({
  v: z.literal(1),
  id: z.string(),
  ownerId: z.string(),
  ownerState: z.enum(["active", "suspended"]),
  mode: z.enum(["production", "development"]),
  name: z.string(),
  description: z.string().nullable(),
  /** The first characters, to tell keys apart in a list. */
  prefix: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** The public half of the owner's audit key, so that sealing details costs no read. */
  auditPublicKey: z.string(),
  createdBy: z.string(),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
  revokedAt: z.int().nullable(),
  metadataJson: z.string(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const apiKeys = systemCollection("apiKeys", ApiKey);
