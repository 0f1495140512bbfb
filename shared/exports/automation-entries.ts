/** The files of an archive that are of schedules, triggers and orchestrations. */
import { orchestrationBody, orchestrationRunBody } from "../answers/orchestration-body.ts";
import { scheduleBody, scheduleRunBody } from "../answers/schedule-body.ts";
import { triggerBody, triggerExecutionBody } from "../answers/trigger-body.ts";
import { isExpired } from "../core/retention/expiry.ts";
import type { Owner } from "../identity/owner.ts";
import { executionStates } from "../schedules/execution-states.ts";
import {
  type OrchestrationRun,
  orchestrationRuns,
  orchestrations,
} from "../store/orchestrations.ts";
import { scheduleRuns, schedules } from "../store/schedules.ts";
import { triggerDeliveries, triggers } from "../store/triggers.ts";
import { allOf, allThroughout, valuesOf } from "./all-of.ts";
import type { ArchiveEntry, ExportDeps } from "./archive-entry.ts";
import { lines, map } from "./archive-lines.ts";
import { type Inner, joined } from "./joined.ts";

const byCreation = { field: "createdAt" } as const;
/** Records whose executions are looked for in one call; each may have a payload of 60 KiB. */
const chunkLength = 16;

export async function* automationEntries(
  deps: ExportDeps,
  owner: Owner,
): AsyncGenerator<ArchiveEntry> {
  const { store } = deps;
  const { id: ownerId } = owner;
  const timed = allOf(store, schedules.all(owner), byCreation);
  const states = new Map();
  yield lines(
    "schedules.ndjson",
    map(timed, (one) => scheduleBody(one, { ownerId, states })),
  );
  yield lines("schedule-runs.ndjson", allScheduleRuns(deps, owner));
  const sent = allOf(store, triggers.all(owner), byCreation);
  // Its address may send, so it stays with those who may call the API.
  yield lines(
    "triggers.ndjson",
    map(sent, (one) => triggerBody(one, { ownerId, url: "" })),
  );
  yield lines("trigger-deliveries.ndjson", allDeliveries(deps, owner));
  const steps = allOf(store, orchestrations.all(owner), byCreation);
  yield lines(
    "orchestrations.ndjson",
    map(steps, (one) => orchestrationBody(one, ownerId)),
  );
  yield lines("orchestration-runs.ndjson", map(allRuns(deps, owner), orchestrationRunBody));
}

async function* allRuns(
  { store, now }: ExportDeps,
  owner: Owner,
): AsyncGenerator<OrchestrationRun> {
  const every = valuesOf(allThroughout(store, orchestrations.throughout(owner)));
  const runs = allThroughout(store, orchestrationRuns.throughout(owner));
  for await (const { value } of joined(every, runs)) if (!isExpired(value, now())) yield value;
}

async function* allScheduleRuns(deps: ExportDeps, owner: Owner) {
  const every = valuesOf(allThroughout(deps.store, schedules.throughout(owner)));
  const runs = recordsOf(deps, every, allThroughout(deps.store, scheduleRuns.throughout(owner)));
  for await (const { records, states } of withStates(deps, owner, runs)) {
    for (const { outerId, value } of records) {
      yield scheduleRunBody(value, { scheduleId: outerId, states });
    }
  }
}

async function* allDeliveries(deps: ExportDeps, owner: Owner) {
  const every = valuesOf(allThroughout(deps.store, triggers.throughout(owner)));
  const sent = recordsOf(
    deps,
    every,
    allThroughout(deps.store, triggerDeliveries.throughout(owner)),
  );
  for await (const { records, states } of withStates(deps, owner, sent)) {
    for (const { outerId, value } of records) {
      yield triggerExecutionBody(value, { triggerId: outerId, states });
    }
  }
}

interface Logged {
  readonly id: string;
  readonly executionId: string | null;
  readonly expireAt: Date;
}

/** Those that haven't expired, of what still exists. */
async function* recordsOf<V extends Logged>(
  { now }: ExportDeps,
  outer: AsyncIterable<{ readonly id: string }>,
  inner: AsyncGenerator<Inner<V>>,
): AsyncGenerator<Inner<V>> {
  for await (const { of, value } of joined(outer, inner)) {
    if (!isExpired(value, now())) yield { outerId: of.id, value };
  }
}

/** A few records at a time, with the states of what they started. */
async function* withStates<V extends Logged>(
  { store }: ExportDeps,
  owner: Owner,
  all: AsyncIterable<Inner<V>>,
) {
  const read = async (records: readonly Inner<V>[]) => {
    const ids = records.flatMap(({ value: { executionId } }) => executionId ?? []);
    return { records, states: await executionStates(store, owner, ids) };
  };
  let records: Inner<V>[] = [];
  for await (const record of all) {
    records.push(record);
    if (records.length < chunkLength) continue;
    yield await read(records);
    records = [];
  }
  if (records.length > 0) yield await read(records);
}
