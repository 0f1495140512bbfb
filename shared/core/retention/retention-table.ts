/**
 * How long everything that a deployment stores is kept, where it lies, and what enforces it. The
 * code's expiry dates, Firestore's times to live, Terraform's periods and `docs/retention.md` come
 * from this table. A test fails on a collection or a kind of object that it doesn't name.
 */
import { automationRetention } from "./automation-retention.ts";
import { dayMs, hourMs } from "./periods.ts";
import { platformRetention } from "./platform-retention.ts";
import { logs, objects, ofSystem, owned, type RetentionClass } from "./retention-class.ts";
import { transferRetention } from "./transfer-retention.ts";

const workspaces = { bucket: "workspaces", setting: "PADDOCK_WORKSPACE_BUCKET" } as const;
const withEnvironment = { goesWith: "owners/*/environments" } as const;
const ofOwner = { ownerField: "ownerId" } as const;
const accountDeletion = ["DELETE /v1/account", "POST /internal/maintenance/accounts"] as const;
const withThread = { goesWith: "owners/*/threads" } as const;
const withExecution = { goesWith: "owners/*/executions" } as const;

export const retention = {
  ...platformRetention,
  ...automationRetention,
  ...transferRetention,
  executionLogs: {
    holds: "events and egress logs of executions; what runner jobs print about themselves",
    keptMs: 30 * dayMs,
    enforcedBy: ["time to live", "log bucket"],
    why: "They explain an execution to those who ran it, and show what people's agents did.",
    places: [
      owned("executions/*/events", withExecution),
      owned("executions/*/egress", withExecution),
      logs("executions"),
    ],
  },
  billingArchive: {
    holds: "billing records: amounts and what explains them, without what people wrote",
    keptMs: 2_557 * dayMs,
    enforcedBy: ["bucket rule"],
    why: "Tax law asks for seven years, two of which may be leap years. They outlive the account.",
    places: [
      objects({ bucket: "archive", setting: "PADDOCK_ARCHIVE_BUCKET", objects: "ledger lines" }),
    ],
  },
  checkpoints: {
    holds: "signed checkpoints of the audit log, which are hashes",
    keptMs: null,
    kept: "400 days at least; nothing deletes them afterwards",
    enforcedBy: ["bucket rule"],
    why: "They prove trails, and must outlive the audit log.",
    places: [
      objects({ bucket: "checkpoints", setting: "PADDOCK_CHECKPOINT_BUCKET", objects: "notes" }),
    ],
  },
  accountExports: {
    holds: "archives of whole accounts that their owners asked for",
    keptMs: 7 * dayMs,
    enforcedBy: ["bucket rule"],
    why: "A week to download it. It is one more copy of everything.",
    places: [objects({ bucket: "exports", setting: "PADDOCK_EXPORT_BUCKET", objects: "archives" })],
  },
  keyRequests: {
    holds: "which `Idempotency-Key` made which API key",
    keptMs: dayMs,
    enforcedBy: ["time to live"],
    why: "A client that lost an answer repeats its request within minutes.",
    places: [owned("keyRequests")],
  },
  trailReads: {
    holds: "the hour in which a key's reads of the trail were recorded last",
    keptMs: 2 * hourMs,
    enforcedBy: ["time to live"],
    why: "Only the current hour is compared.",
    places: [owned("auditReads")],
  },
  mailCounts: {
    holds: "how many mails that ask for a confirmation went to an address, by its keyed hash",
    keptMs: 2 * dayMs,
    enforcedBy: ["time to live"],
    why: "Only the current day is compared.",
    places: [ofSystem("mailConfirmations")],
  },
  refusalCounts: {
    holds: "how often uses of a key were refused in an hour",
    keptMs: dayMs,
    enforcedBy: ["time to live"],
    why: "Only the current hour is added to; the trail has what was reached.",
    places: [owned("keyRefusals")],
  },
  environments: {
    holds: "environments, their sealed secrets, their key pairs, and snapshots of their files",
    keptMs: null,
    kept: "until the environment is deleted",
    enforcedBy: ["deletion"],
    routes: ["DELETE /v1/environments/:environmentId"],
    why: "They are the owner's. Without its key pair, no copy of a secret can be opened.",
    places: [
      owned("environments"),
      owned("sealedSecrets", { ...withEnvironment, by: "id" }),
      owned("sealingKeys", { database: "keys", ...withEnvironment, by: "id" }),
      owned("snapshots", { ...withEnvironment, by: "environmentId" }),
    ],
  },
  files: {
    holds: "the files of workspaces, of their snapshots, and of the layers that builds made",
    keptMs: null,
    kept: "until no environment and no snapshot names them, and 6 to 12 hours longer",
    enforcedBy: ["sweep"],
    routes: ["POST /internal/maintenance/objects"],
    why: "They are the owner's. An execution that still runs may save what it began with.",
    places: [
      objects({ ...workspaces, objects: "manifests", ...withEnvironment }),
      objects({ ...workspaces, objects: "packs", ...withEnvironment }),
    ],
  },
  conversations: {
    holds: "threads, messages and executions; the words by which they are found",
    keptMs: null,
    kept: "until the thread or the message is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: [
      "DELETE /v1/threads/:threadId",
      "DELETE /v1/threads/:threadId/messages/:messageId",
      "POST /internal/maintenance/deletions",
    ],
    why: "They are the owner's.",
    places: [
      owned("threads"),
      owned("threads/*/messages", withThread),
      owned("executions", { ...withThread, by: "threadId" }),
      owned("executions/*/meters", withExecution),
      owned("searchEntries", { ...withThread, by: "threadId" }),
    ],
  },
  agents: {
    holds: "agents, and skills: instructions and files",
    keptMs: null,
    kept: "until the agent or the skill is deleted",
    enforcedBy: ["deletion"],
    routes: ["DELETE /v1/agents/:agentId", "DELETE /v1/skills/:skillId"],
    why: "They are the owner's.",
    places: [owned("agents"), owned("skills")],
  },
  deletedIds: {
    holds: "ids of deleted executions",
    keptMs: null,
    kept: "until the account is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: accountDeletion,
    why: "An id derives from an `Idempotency-Key`; a request that was charged must not run again.",
    places: [owned("deletedExecutions")],
  },
  money: {
    holds: "account, ledger and credit requests",
    keptMs: null,
    kept: "until the account is deleted; the lines are in the archive before",
    enforcedBy: ["deletion", "sweep"],
    routes: accountDeletion,
    why: "Every balance can be recomputed from its first line.",
    places: [owned("account"), owned("ledger"), owned("creditRequests")],
  },
  trail: {
    holds: "audit rows",
    keptMs: null,
    kept: "until the account is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: accountDeletion,
    why: "Who did what must stay provable, whatever else is deleted.",
    places: [owned("audit")],
  },
  trees: {
    holds: "the hashes that prove trails",
    keptMs: null,
    kept: "for good",
    enforcedBy: ["nothing"],
    why: "Signed checkpoints cover them, and an export that somebody keeps can be checked.",
    places: [
      owned("auditTrees", { outlivesAccount: true }),
      owned("auditNodes", { outlivesAccount: true }),
    ],
  },
  identities: {
    holds: "owners, and API keys as hashes",
    keptMs: null,
    kept: "until the account is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: accountDeletion,
    why: "A trail names them.",
    places: [ofSystem("owners", { ownerField: "id" }), ofSystem("apiKeys", ofOwner)],
  },
  operators: {
    holds: "operators",
    keptMs: null,
    kept: "for good",
    enforcedBy: ["nothing"],
    why: "They show who made whom an operator.",
    places: [ofSystem("operators")],
  },
  incidents: {
    holds: "incidents, containments, and what was unusual in an account's use",
    keptMs: null,
    kept: "for good; an account's own part until it is deleted",
    enforcedBy: ["deletion", "sweep"],
    routes: accountDeletion,
    why: "They show what happened and what was done about it.",
    places: [
      ofSystem("incidents"),
      ofSystem("containments", { outlivesAccount: true }),
      ofSystem("evidenceFreezes"),
      owned("incidents"),
      owned("containments"),
      owned("anomalies"),
    ],
  },
  certificates: {
    holds: "deletions of accounts: the owner's id, times, and the signed certificate",
    keptMs: null,
    kept: "for good",
    enforcedBy: ["nothing"],
    why: "They prove that an account is gone.",
    places: [ofSystem("accountDeletions", { outlivesAccount: true })],
  },
  notices: {
    holds: "what those affected by incidents were told, and the addresses that it went to",
    keptMs: 400 * dayMs,
    enforcedBy: ["time to live"],
    why: "A year's audit asks who was told of what, and when.",
    places: [ofSystem("deliveries", ofOwner)],
  },
  bookkeeping: {
    holds: "counts, positions, settings, the last export, and which environment is the default one",
    keptMs: null,
    kept: "until the next value",
    enforcedBy: ["overwritten"],
    why: "Only the newest value is used; they hold ids and numbers.",
    places: [
      owned("defaults"),
      owned("notifications"),
      owned("exports"),
      owned("usage"),
      owned("collections"),
      owned("detections"),
      ofSystem("system"),
      ofSystem("auditMaps"),
      ofSystem("auditBuckets"),
    ],
  },
  outboxes: {
    holds: "work that a request began and a sweep finishes",
    keptMs: null,
    kept: "until it is done",
    enforcedBy: ["sweep"],
    routes: [
      "POST /internal/maintenance/owners",
      "POST /internal/maintenance/shreds",
      "POST /internal/maintenance/deletions",
      "POST /internal/exports/build",
    ],
    why: "If a process dies, somebody must know what remains.",
    places: [
      ofSystem("keyFollowUps", ofOwner),
      ofSystem("shreds", ofOwner),
      ofSystem("deletions", ofOwner),
      ofSystem("dueExports", ofOwner),
    ],
  },
  auditLog: {
    holds: "the log of epochs, which are hashes of all trails' heads",
    keptMs: null,
    kept: "for good",
    enforcedBy: ["nothing"],
    why: "It is append-only: that is what its checkpoints prove.",
    places: [ofSystem("auditLogs"), ofSystem("auditLogNodes"), ofSystem("auditEpochs")],
  },
} as const satisfies Readonly<Record<string, RetentionClass>>;

type Table = typeof retention;
type PlaceOf<N extends keyof Table> = Table[N]["places"][number];
type AnyPlace = PlaceOf<keyof Table>;

/** Every collection by its path, with `*` for ids. */
export type CollectionPath = Extract<AnyPlace, { kind: "collection" }>["path"];

/** Classes whose documents Firestore deletes. */
export type ExpiringClass = {
  [N in keyof Table]: "time to live" extends Table[N]["enforcedBy"][number] ? N : never;
}[keyof Table];

/** The environment variables that name buckets; no other bucket can be opened. */
export type BucketSetting = Extract<AnyPlace, { kind: "objects" }>["setting"];

/** The kinds of objects in the workspace bucket. */
export type ObjectKind = Extract<AnyPlace, { bucket: "workspaces" }>["objects"];

/** The least time for which signed checkpoints can't be deleted. */
export const checkpointsLockedMs = 400 * dayMs;
/** How long an object that nothing refers to is kept, twice; a deployment may choose another. */
export const unreferencedMs = 6 * hourMs;
/** How long a deleted object can be restored: first as an older version, then once more. */
export const restorableMs = 7 * dayMs;
