/**
 * What Firestore must know of the tables beside the documents: the indexes that queries of several
 * fields need, and the texts that nobody looks for. `npm run docs` makes `firestore.indexes.json`
 * of it and of the schemas: lists and maps have no index, unless it is said here, and `expireAt` is
 * a time to live.
 */
import type * as z from "zod";
import { agents } from "./agents.ts";
import { apiKeys } from "./api-keys.ts";
import { environments, sealingKeys } from "./environments.ts";
import { executions } from "./executions.ts";
import { auditRows, ledger } from "./owners.ts";
import { messages, threads } from "./threads.ts";
import { storageUsages } from "./usage.ts";

interface Table<S extends z.ZodObject> {
  readonly name: string;
  readonly schema: S;
}

export interface CompositeIndex {
  readonly collection: string;
  /** Over all owners' collections of that name, for what names no owner. */
  readonly everywhere: boolean;
  /** In order; with a minus those that are sorted from high to low. */
  readonly fields: readonly string[];
}

/** Names that the schema doesn't have are refused by the compiler. */
function index<S extends z.ZodObject>(
  { name }: Table<S>,
  ...fields: readonly `${"" | "-"}${keyof S["shape"] & string}${"" | `.${string}`}`[]
): CompositeIndex {
  return { collection: name, everywhere: false, fields };
}

function texts<S extends z.ZodObject>(
  { name }: Table<S>,
  ...fields: readonly (keyof S["shape"] & string)[]
) {
  return { collection: name, fields };
}

const spentBy = ["environmentId", "agentId", "projectId"] as const;
const threadSorts = ["createdAt", "costMicrousd", "computeMs"] as const;
const used = ["inputTokens", "outputTokens", "costMicrousd"] as const;

export const compositeIndexes: readonly CompositeIndex[] = [
  // The sweeps.
  { ...index(executions, "status", "sweepAt"), everywhere: true },
  { ...index(storageUsages, "kind", "sweepAt"), everywhere: true },
  // Keys of an owner; environments with the default one before the others.
  index(apiKeys, "ownerId", "revokedAt", "-createdAt"),
  index(apiKeys, "ownerId", "deletedAt", "-createdAt"),
  index(environments, "-isDefault", "-createdAt"),
  index(environments, "id", "-isDefault", "-createdAt"),
  index(environments, "id", "-updatedAt"),
  index(environments, "id", "workspace.totalBytes"),
  // Billing records, and what was spent in a span, by what it was spent on.
  index(ledger, "type", "-createdAt"),
  index(ledger, "createdAt", "amountMicrousd"),
  index(ledger, "type", "createdAt", "amountMicrousd"),
  ...[...spentBy, "model" as const].map((dimension) =>
    index(ledger, "type", dimension, "createdAt", "amountMicrousd"),
  ),
  index(threads, "createdAt", ...used),
  ...spentBy.map((dimension) => index(threads, dimension, "createdAt", ...used)),
  index(threads, "environmentId", "agentId", "createdAt", ...used),
  // Threads of an owner, an environment or an agent, by each column, both ways.
  ...threadSorts.flatMap((sort) => [
    ...(sort === "createdAt"
      ? []
      : [index(threads, sort, "createdAt"), index(threads, `-${sort}`, "-createdAt")]),
    ...(["environmentId", "agentId"] as const).flatMap((dimension) =>
      sort === "createdAt"
        ? [index(threads, dimension, "createdAt"), index(threads, dimension, "-createdAt")]
        : [
            index(threads, dimension, sort, "createdAt"),
            index(threads, dimension, `-${sort}`, "-createdAt"),
          ],
    ),
  ]),
];

/** Maps that are looked into, so that what is in them keeps its index. */
export const indexedMaps = [{ collection: environments.name, field: "workspace" }] as const;

/** Long, and never asked for by what they say. */
export const unindexedTexts = [
  texts(agents, "binaryJson", "description", "instructions", "metadataJson"),
  texts(apiKeys, "metadataJson"),
  texts(auditRows, "sealedDetails"),
  texts(environments, "dockerfileExtensions", "mcpServersJson", "metadataJson"),
  texts(executions, "output"),
  texts(messages, "content"),
  texts(sealingKeys, "publicKey", "wrappedPrivateKey"),
  texts(threads, "lastMessagePreview", "metadataJson"),
];
