import * as z from "zod";
import { SecretBinding } from "../protocol/bound-secret.ts";
import { networkModes, profiles } from "../protocol/job.ts";
import { KeyValue, NetworkPolicy } from "../protocol/runner.ts";
import { ownedCollection } from "./documents.ts";

/** The state of an environment's workspace: its manifest, and its size. */
export const WorkspaceHead = z.object({
  manifestSha256: z.string(),
  fileCount: z.int().min(0),
  totalBytes: z.int().min(0),
  /** How much room an execution's workspace needs; missing in older documents. */
  restoreBytes: z.int().min(0).optional(),
  /** The manifest to use if this one can't be read; null if the workspace was empty before. */
  previousManifestSha256: z.string().nullable().default(null),
});
export type WorkspaceHead = z.infer<typeof WorkspaceHead>;

/**
 * A layer that a build of the environment made, as a manifest of read-only files. Other
 * environments of the same owner may have it, too.
 */
export const Layer = z.object({
  /** The hash of the configuration that it was built from; see `layerHash`. */
  hash: z.string(),
  manifestSha256: z.string(),
  fileCount: z.int().min(0),
  totalBytes: z.int().min(0),
  /** How much of an execution's workspace it takes. */
  restoreBytes: z.int().min(0),
  /** What executions that have it find in their variables. */
  variables: z.array(KeyValue),
  builtAt: z.int(),
});
export type Layer = z.infer<typeof Layer>;

/** How many layers an environment keeps, so that going back to one of them costs nothing. */
export const layersMax = 4;

/** The build that was started last. */
const Build = z.object({
  hash: z.string(),
  executionId: z.string(),
  threadId: z.string(),
  startedAt: z.int(),
});

export const Environment = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  profile: z.enum(profiles),
  network: z.enum(networkModes),
  /** The hosts and ports that `allowlist` allows. */
  networkAllow: NetworkPolicy.shape.allow.default([]),
  runtimes: z.record(z.string(), z.string()),
  packages: z.object({
    system: z.array(z.string()),
    python: z.array(z.string()),
    node: z.array(z.string()),
  }),
  dockerfileExtensions: z.string().nullable(),
  build: Build.nullable().default(null),
  /** The newest comes first. */
  layers: z.array(Layer).default([]),
  /** The thread whose messages are what routes have run git for; null until the first of them. */
  gitThreadId: z.string().nullable().default(null),
  environmentVariables: z.array(KeyValue),
  /** The secrets' names. Their sealed values are in a document of their own. */
  secretKeys: z.array(z.string()),
  setupScripts: z.array(z.string()),
  /** JSON text of the list; its tokens are sealed elsewhere. */
  mcpServersJson: z.string(),
  documentation: z.array(z.string()),
  isDefault: z.boolean(),
  /** The public half of the environment's sealing pair (base64), which sealing uses. */
  sealingPublicKey: z.string(),
  /** Null until the workspace first holds a file. */
  workspace: WorkspaceHead.nullable(),
  /**
   * Its snapshots, the newest last. Once there is one, each change of the workspace makes another.
   */
  snapshotIds: z.array(z.string()).default([]),
  metadataJson: z.string(),
  createdAt: z.int(),
  updatedAt: z.int(),
});
export type Environment = z.infer<typeof Environment>;

export const environments = ownedCollection(["environments"], Environment, "id");

/**
 * Names the environment that was last made the default one. An owner has one such document, so of
 * two concurrent requests only one can name its own.
 */
const DefaultPointer = z.object({
  v: z.literal(1),
  environmentId: z.string(),
  /** How often another environment was made the default one, so that each time changes it. */
  moves: z.int().min(0).default(0),
});
export const defaultPointerId = "environment";
export const defaultPointers = ownedCollection(["defaults"], DefaultPointer);

const SealedValue = z.object({
  key: z.string(),
  sealed: z.string(),
  updatedAt: z.int(),
  /**
   * The hosts and headers that it is bound to; the seal covers them, too. Null if the value is
   * handed to the sandbox.
   */
  binding: SecretBinding.nullable().default(null),
});

/**
 * Version 1 stored a map by name. Users choose the names, and neither JavaScript's objects nor
 * Firestore's maps accept all of them: `__proto__`, `toDate`, `__x__`.
 */
const version1Values = z
  .record(z.string(), SealedValue.omit({ key: true }))
  .transform((values) => Object.entries(values).map(([key, value]) => ({ key, ...value })));

/** The sealed secrets of one environment, in one document so that claiming reads it once. */
export const SealedSecrets = z.object({
  v: z.literal([1, 2]),
  environmentId: z.string(),
  /** Names are unique. */
  values: z.array(SealedValue).or(version1Values),
});
export type SealedSecrets = z.infer<typeof SealedSecrets>;
export const sealedSecrets = ownedCollection(["sealedSecrets"], SealedSecrets, "environmentId");

/** Stored in the database `keys`: the private half of a sealing pair, wrapped by KMS. */
export const SealingKey = z.object({
  v: z.literal(1),
  purpose: z.enum(["environment-secrets", "audit-details"]),
  publicKey: z.string(),
  wrappedPrivateKey: z.string(),
  kmsKeyVersion: z.string(),
  createdAt: z.int(),
});
export type SealingKey = z.infer<typeof SealingKey>;
/** The id is the environment's, or the purpose if the pair belongs to the owner. */
export const sealingKeys = ownedCollection(["sealingKeys"], SealingKey);
