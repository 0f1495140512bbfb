/**
 * Everything that is an owner's, as the files of an archive (DAT-5), one after another. Lists are
 * lines of JSON in the forms of the API. Secrets aren't among it: who makes archives can read
 * neither their values nor the text of a key.
 */
import { agentBody } from "../answers/agent-body.ts";
import { billingRecord } from "../answers/billing-record.ts";
import { budgetBody } from "../answers/budget-body.ts";
import { executionBody } from "../answers/execution-body.ts";
import { keyRecord } from "../answers/key-record.ts";
import { skillBody } from "../answers/skill-body.ts";
import { snapshotBody } from "../answers/snapshot-body.ts";
import { messageBody, threadBody } from "../answers/thread-body.ts";
import { exportPieces } from "../audit/export-pieces.ts";
import { readProvenHead } from "../audit/read-proven-head.ts";
import { iso, isoOrNull } from "../contract/common.ts";
import { egressEntry } from "../contract/egress.ts";
import { isExpired } from "../core/retention/expiry.ts";
import type { ManifestEntry, ManifestFile } from "../core/workspace/manifest.ts";
import { nothingAround, showEnvironment } from "../environments/shown-environments.ts";
import { attemptsOf } from "../executions/egress-log.ts";
import { areEventsDeleted } from "../executions/event-log.ts";
import type { Owner } from "../identity/owner.ts";
import { existingOwner } from "../owners/act-on-owner.ts";
import { agents } from "../store/agents.ts";
import { apiKeys } from "../store/api-keys.ts";
import { type Environment, environments } from "../store/environments.ts";
import { type Execution, egressBatches, eventBatches, executions } from "../store/executions.ts";
import { accountId, accounts, ledger } from "../store/owners.ts";
import { skills } from "../store/skills.ts";
import { workspaceSnapshots } from "../store/snapshots.ts";
import { type Thread, threads } from "../store/threads.ts";
import { type Transfer, transfers } from "../store/transfers.ts";
import { readFilePieces } from "../workspace/file-pieces.ts";
import { readFilesOf } from "../workspace/manifests.ts";
import { allOf, allThroughout, valuesOf } from "./all-of.ts";
import type { ArchiveEntry, ExportDeps } from "./archive-entry.ts";
import { lines, map } from "./archive-lines.ts";
import { fileNameOf } from "./archive-names.ts";
import { automationEntries } from "./automation-entries.ts";
import { joined } from "./joined.ts";
import { asFarAsStored, lossReport } from "./lost-pieces.ts";
import { messagesInOrder } from "./messages-in-order.ts";
import { noticeEntries } from "./notice-entries.ts";
import { shownExecutions } from "./shown-executions.ts";

const byCreation = { field: "createdAt" } as const;
/** A piece is in memory several times: as it arrives, as it is packed, and as it is stored. */
const filePieceBytes = 512 * 1024;

/**
 * @throws {ApiError} `AUDIT_PENDING` if the trail isn't under a signed checkpoint yet;
 * `UNAVAILABLE`.
 */
export async function* archiveEntries(
  deps: ExportDeps,
  owner: Owner,
): AsyncGenerator<ArchiveEntry> {
  const { store, log, now } = deps;
  // Read first, because without it nothing is made.
  const proven = await readProvenHead(store, owner, log);
  const { profile } = await existingOwner(store, owner.id);
  const account = await store.require(accounts.of(owner, accountId));
  const { id, name, mode, state, createdAt } = profile;
  const budget = budgetBody(account.value, id, now());
  yield lines("account.ndjson", [{ id, name, mode, state, createdAt, budget }]);
  const keys = { ...byCreation, where: [["ownerId", id]] } as const;
  yield lines(
    "keys.ndjson",
    map(allOf(store, apiKeys.all(), keys), (key) => keyRecord(key, now())),
  );
  const all = map(allOf(store, agents.all(owner), byCreation), (agent) => agentBody(agent, id));
  yield lines("agents.ndjson", all);
  yield* automationEntries(deps, owner);
  const everySkill = allOf(store, skills.all(owner), byCreation);
  yield lines(
    "skills.ndjson",
    map(everySkill, (skill) => skillBody(skill, id)),
  );
  const records = allOf(store, ledger.all(owner), byCreation);
  yield lines(
    "billing.ndjson",
    map(records, (line) => billingRecord(line, owner)),
  );
  yield lines("threads.ndjson", map(allOf(store, threads.all(owner), byCreation), threadOf(id)));
  yield lines("messages.ndjson", allMessages(deps, owner));
  const run = shownExecutions(store, owner, allOf(store, executions.all(owner), byCreation));
  yield lines("executions.ndjson", map(run, withOutput));
  yield lines("events.ndjson", allEvents(deps, owner));
  yield lines("egress.ndjson", allEgress(deps, owner));
  yield* allFiles(deps, owner);
  yield* noticeEntries(deps, owner);
  yield { name: "audit.ndjson", pieces: exportPieces(store, owner, proven) };
}

const threadOf = (ownerId: string) => (thread: Thread) =>
  threadBody(thread, { ownerId, environmentName: null, agentName: null });

async function* allMessages({ store }: ExportDeps, owner: Owner) {
  for await (const { message, threadId } of messagesInOrder(store, owner)) {
    yield messageBody(message, threadId);
  }
}

function withOutput(execution: Execution) {
  return { ...executionBody(execution), output: execution.output };
}

/** Executions that are shown, by their ids. */
function executionsById({ store }: ExportDeps, owner: Owner): AsyncGenerator<Execution> {
  const all = valuesOf(allThroughout(store, executions.throughout(owner)));
  return shownExecutions(store, owner, all);
}

/** Those that haven't expired, in the form in which streams send them. */
async function* allEvents(deps: ExportDeps, owner: Owner) {
  const batches = allThroughout(deps.store, eventBatches.throughout(owner));
  for await (const { of: execution, value } of joined(executionsById(deps, owner), batches)) {
    if (areEventsDeleted(execution) || isExpired(value, deps.now())) continue;
    for (const event of value.events) yield { executionId: execution.id, ...event };
  }
}

async function* allEgress(deps: ExportDeps, owner: Owner) {
  const batches = allThroughout(deps.store, egressBatches.throughout(owner));
  for await (const { of: execution, value } of joined(executionsById(deps, owner), batches)) {
    const shown = attemptsOf(value, { execution, now: deps.now() });
    for (const attempt of shown) yield { executionId: execution.id, ...egressEntry(attempt) };
  }
}

/** A workspace's list says what an archive can't: modes, times, links and odd names. */
async function* allFiles(deps: ExportDeps, owner: Owner): AsyncGenerator<ArchiveEntry> {
  const { store, signal } = deps;
  const all: AsyncIterable<Environment> = allOf(store, environments.all(owner), byCreation);
  const bodies = map(all, (one) => showEnvironment(owner, one, nothingAround));
  yield lines("environments.ndjson", bodies);
  const kept = allOf(store, workspaceSnapshots.all(owner), byCreation);
  yield lines("snapshots.ndjson", map(kept, snapshotBody));
  const moved = allOf(store, transfers.all(owner), byCreation);
  yield lines("transfers.ndjson", map(moved, transferBody));
  for await (const environment of allOf(store, environments.all(owner), byCreation)) {
    const { id } = environment;
    const { manifest } = await readFilesOf(owner, environment, signal);
    const { entries } = manifest;
    yield lines(
      `environments/${id}/files.ndjson`,
      map(entries, (entry) => listed(id, entry)),
    );
    const place = { owner, environmentId: id, reportLoss: lossReport(owner, id) };
    for (const entry of entries) if (holdsBytes(entry)) yield fileEntry(place, entry);
  }
}

/** Another name of a file that is in the archive already has no bytes of its own. */
function holdsBytes(entry: ManifestEntry): entry is ManifestFile {
  return entry.type === "file" && entry.linkTo === undefined;
}

/** A large file on its way. Its signed address expires within a day, and opens it to everybody. */
function transferBody({ id, kind, environmentId, path, ...rest }: Transfer): object {
  const { sizeBytes, sha256, state, createdAt, endsAt, completedAt } = rest;
  return {
    ...{ id, kind, environmentId, path, size: sizeBytes, sha256, state },
    ...{ createdAt: iso(createdAt), expiresAt: iso(endsAt), completedAt: isoOrNull(completedAt) },
  };
}

function listed(environmentId: string, entry: ManifestEntry): object {
  if (entry.type !== "file") return entry;
  const { parts: _parts, ...rest } = entry;
  return { ...rest, name: fileNameOf(environmentId, entry.linkTo ?? entry.path) };
}

interface Place {
  readonly owner: Owner;
  readonly environmentId: string;
  readonly reportLoss: () => void;
}

function fileEntry(place: Place, file: ManifestFile): ArchiveEntry {
  const { owner, environmentId, reportLoss } = place;
  const whole = { offsetBytes: 0, sizeBytes: file.sizeBytes };
  const name = fileNameOf(environmentId, file.path);
  const pieces = readFilePieces(owner, file, whole, filePieceBytes);
  return { name, pieces: asFarAsStored(pieces, reportLoss), wholeBytes: file.sizeBytes };
}
