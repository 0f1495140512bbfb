/**
 * What Firestore must know besides the documents: indexes for queries of several fields, and texts
 * that aren't indexed. `npm run docs` generates `firestore.indexes.json` from this and the schemas:
 * lists and maps aren't indexed unless stated here, and `expireAt` is a time to live.
 */
import type * as z from "zod";
import { agents } from "./agents.ts";
import { apiKeys } from "./api-keys.ts";
import { auditRows } from "./audit-rows.ts";
import { auditLogNodes, auditLogs, auditMaps, auditNodes, auditTrees } from "./audit-trees.ts";
import { environments, sealingKeys } from "./environments.ts";
import { executions } from "./executions.ts";
import { deliveries } from "./notifications.ts";
import { orchestrationRuns, orchestrations } from "./orchestrations.ts";
import { ledger } from "./owners.ts";
import { scheduleRuns, schedules } from "./schedules.ts";
import { searchEntries } from "./search-entries.ts";
import { skills } from "./skills.ts";
import { workspaceSnapshots } from "./snapshots.ts";
import { messages, threads } from "./threads.ts";
import { transfers } from "./transfers.ts";
import { triggerDeliveries, triggers } from "./triggers.ts";
import { storageUsages } from "./usage.ts";

interface Table<S extends z.ZodObject> {
  readonly name: string;
  readonly schema: S;
}

export interface CompositeIndex {
  readonly collection: string;
  /** Whether it covers the collections of all owners, for queries that name no owner. */
  readonly collectionGroup: boolean;
  /** In order; a minus means descending, and brackets an item of a list. */
  readonly fields: readonly string[];
}

/** The compiler refuses names that the schema doesn't have. */
function index<S extends z.ZodObject>(
  { name }: Table<S>,
  ...fields: readonly `${"" | "-"}${keyof S["shape"] & string}${"" | "[]" | `.${string}`}`[]
): CompositeIndex {
  return { collection: name, collectionGroup: false, fields };
}

function texts<S extends z.ZodObject>(
  { name }: Table<S>,
  ...fields: readonly (keyof S["shape"] & string)[]
) {
  return { collection: name, fields };
}

const spentBy = ["environmentId", "agentId", "projectId", "source"] as const;
const threadCosts = ["costMicrousd", "modelCostMicrousd", "timeCostMicrousd"] as const;
const threadSorts = ["createdAt", ...threadCosts, "computeMs"] as const;
const calls = ["modelMicrousd", "inputTokens", "cacheTokens", "outputTokens"] as const;

export const compositeIndexes: readonly CompositeIndex[] = [
  // The sweeps use these.
  { ...index(executions, "status", "sweepAt"), collectionGroup: true },
  { ...index(storageUsages, "kind", "sweepAt"), collectionGroup: true },
  index(deliveries, "anomalyId", "dueAt"),
  // Exports list an owner's notices and keys in the order of their creation.
  index(deliveries, "ownerId", "createdAt"),
  index(apiKeys, "ownerId", "createdAt"),
  // For an owner's keys, and for environments with the default one first.
  index(apiKeys, "ownerId", "revokedAt", "-createdAt"),
  index(apiKeys, "ownerId", "deletedAt", "-createdAt"),
  index(environments, "-isDefault", "-createdAt"),
  index(environments, "id", "-isDefault", "-createdAt"),
  index(environments, "id", "-updatedAt"),
  index(environments, "id", "workspace.totalBytes"),
  // For billing records, and for sums over a time span by what the money was spent on.
  index(ledger, "type", "-createdAt"),
  index(ledger, "createdAt", "amountMicrousd"),
  index(ledger, "type", "createdAt", "amountMicrousd"),
  index(ledger, "type", "createdAt", ...calls),
  ...[...spentBy, "model" as const].flatMap((dimension) => [
    index(ledger, "type", dimension, "createdAt", "amountMicrousd"),
    index(ledger, "type", dimension, "createdAt", ...calls),
  ]),
  index(threads, "createdAt", "costMicrousd"),
  index(threads, "createdAt", "modelCostMicrousd"),
  ...spentBy.flatMap((dimension) => [
    index(threads, dimension, "createdAt", "costMicrousd"),
    index(threads, dimension, "createdAt", "modelCostMicrousd"),
  ]),
  index(threads, "environmentId", "agentId", "createdAt", "costMicrousd"),
  index(threads, "environmentId", "agentId", "createdAt", "modelCostMicrousd"),
  // For lists of threads by any of their filters, newest first. Several filters share these.
  ...(["status", "archived", "projectId", "appId"] as const).map((filter) =>
    index(threads, filter, "-createdAt"),
  ),
  // For the texts with a word, newest first.
  index(searchEntries, "terms[]", "-createdAt"),
  index(searchEntries, "environmentId", "-createdAt"),
  ...(["category", "isActive"] as const).map((filter) => index(skills, filter, "-createdAt")),
  // For the executions of a thread.
  index(executions, "threadId", "-createdAt"),
  index(executions, "environmentId", "-createdAt"),
  index(executions, "threadId", "createdAt"),
  // For the last failures.
  index(executions, "status", "-createdAt"),
  // For schedules and triggers by any of their filters, newest first. Several filters share these.
  ...(["enabled", "agentId", "environmentId", "scheduleType", "appId"] as const).map((filter) =>
    index(schedules, filter, "-createdAt"),
  ),
  ...(["enabled", "source", "environmentId"] as const).map((filter) =>
    index(triggers, filter, "-createdAt"),
  ),
  ...(["status", "environmentId"] as const).map((filter) =>
    index(orchestrations, filter, "-createdAt"),
  ),
  // For the snapshots of an environment, newest first.
  index(workspaceSnapshots, "environmentId", "-createdAt"),
  // For a copy of a file that is still kept, and for what an owner's uploads of late come to.
  index(transfers, "environmentId", "kind", "sha256", "-endsAt"),
  index(transfers, "kind", "createdAt", "sizeBytes"),
  // For an audit trail by one of its filters, newest first.
  index(auditRows, "subject", "-at"),
  index(auditRows, "actor.id", "-at"),
  index(auditRows, "action", "-at"),
  // For the threads of an owner, environment or agent, by each column in both directions.
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

/** Maps and lists that queries look into, so these keep their indexes. */
export const indexedMaps = [
  { collection: auditRows.name, field: "actor" },
  { collection: environments.name, field: "workspace" },
  { collection: searchEntries.name, field: "terms" },
] as const;

/** Fields by which the documents of all owners are found, one by one, in ascending order. */
export const fieldsAcrossOwners = [
  { collection: auditRows.name, field: "unsequenced" },
  { collection: auditRows.name, field: "undetected" },
  { collection: auditTrees.name, field: "unpublished" },
  { collection: schedules.name, field: "dueAt" },
  { collection: orchestrationRuns.name, field: "dueAt" },
] as const;

/** Long texts that no query filters by. */
export const unindexedTexts = [
  texts(agents, "binaryJson", "description", "instructions", "metadataJson"),
  texts(apiKeys, "metadataJson"),
  texts(auditRows, "leafHash", "sealedDetails"),
  texts(auditLogs, "origin"),
  texts(auditMaps, "secret"),
  texts(auditNodes, "hash"),
  texts(auditLogNodes, "hash"),
  texts(environments, "dockerfileExtensions", "mcpServersJson", "metadataJson"),
  texts(executions, "output"),
  texts(messages, "content"),
  texts(skills, "description", "filesJson", "markdown"),
  texts(orchestrationRuns, "inputsJson", "error"),
  texts(sealingKeys, "publicKey", "wrappedPrivateKey"),
  texts(schedules, "task", "description", "metadataJson"),
  texts(scheduleRuns, "errorMessage"),
  texts(threads, "lastMessagePreview", "metadataJson"),
  texts(triggers, "filtersJson", "actionJson"),
  texts(triggerDeliveries, "payloadJson", "error"),
];
