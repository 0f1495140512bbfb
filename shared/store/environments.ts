import * as z from "zod";
import { SecretBinding } from "../protocol/bound-secret.ts";
import { networkModes, profiles } from "../protocol/job.ts";
import { KeyValue, NetworkPolicy } from "../protocol/runner.ts";
import { ownedCollection } from "./documents.ts";

/** What an environment's workspace is: its manifest, and how large that makes it. */
export const WorkspaceHead = z.object({
  manifestSha256: z.string(),
  fileCount: z.int().min(0),
  totalBytes: z.int().min(0),
  /** What an execution's workspace must have room for; not known of those stored before. */
  restoreBytes: z.int().min(0).optional(),
  /** Where to go back to if this manifest can't be read; null where an empty workspace was. */
  previousManifestSha256: z.string().nullable().default(null),
});
export type WorkspaceHead = z.infer<typeof WorkspaceHead>;

export const Environment = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  profile: z.enum(profiles),
  network: z.enum(networkModes),
  /** With `allowlist`: what may be reached. */
  networkAllow: NetworkPolicy.shape.allow.default([]),
  runtimes: z.record(z.string(), z.string()),
  packages: z.object({
    system: z.array(z.string()),
    python: z.array(z.string()),
    node: z.array(z.string()),
  }),
  dockerfileExtensions: z.string().nullable(),
  environmentVariables: z.array(KeyValue),
  /** Names only: the sealed values stand in a document of their own. */
  secretKeys: z.array(z.string()),
  setupScripts: z.array(z.string()),
  /** JSON text of the list, its tokens sealed apart. */
  mcpServersJson: z.string(),
  documentation: z.array(z.string()),
  isDefault: z.boolean(),
  /** The public half of the environment's sealing pair, base64; anyone may seal to it. */
  sealingPublicKey: z.string(),
  /** Null while the workspace has never held a file. */
  workspace: WorkspaceHead.nullable(),
  metadataJson: z.string(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Environment = z.infer<typeof Environment>;

export const environments = ownedCollection(["environments"], Environment, "id");

const SealedValue = z.object({
  key: z.string(),
  sealed: z.string(),
  updatedAt: z.int(),
  /** Where it may go; it is sealed to that, too. Null: into the sandbox. */
  binding: SecretBinding.nullable().default(null),
});

/**
 * Version 1 kept them in a map by name. A name is its user's choice, and neither JavaScript's
 * objects nor Firestore's maps take every one: `__proto__`, `toDate`, `__x__`.
 */
const byNameBefore = z
  .record(z.string(), SealedValue.omit({ key: true }))
  .transform((values) => Object.entries(values).map(([key, value]) => ({ key, ...value })));

/** The sealed secrets of one environment: one document, so that claiming reads it once. */
export const SealedSecrets = z.object({
  v: z.literal([1, 2]),
  environmentId: z.string(),
  /** Each name once. */
  values: z.array(SealedValue).or(byNameBefore),
});
export type SealedSecrets = z.infer<typeof SealedSecrets>;
export const sealedSecrets = ownedCollection(["sealedSecrets"], SealedSecrets, "environmentId");

/** In the database `keys`: the private half of a sealing pair, wrapped by KMS. */
export const SealingKey = z.object({
  v: z.literal(1),
  purpose: z.enum(["environment-secrets", "audit-details"]),
  publicKey: z.string(),
  wrappedPrivateKey: z.string(),
  kmsKeyVersion: z.string(),
  createdAt: z.int(),
});
export type SealingKey = z.infer<typeof SealingKey>;
/** By environment id, or by purpose for a pair of the owner. */
export const sealingKeys = ownedCollection(["sealingKeys"], SealingKey);
