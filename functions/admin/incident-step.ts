/** Routes that add a step to an incident: a move, an assignment, a note (INC-3). */
import type * as z from "zod";
import { incidentBody } from "#shared/answers/incident-body";
import { noQuery, ok } from "#shared/contract/common";
import { IncidentBody } from "#shared/contract/incident";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import {
  type Callers,
  change,
  jsonBytesMax,
  type ReadDeps,
  type Route,
} from "#shared/pipeline/route";
import { replace, type Write } from "#shared/store/documents";
import { type Incident, incidents } from "#shared/store/incidents";
import { incidentParams } from "./incident-params.ts";

/** Enough for weeks of work; notes of an incident that needs more go into another one. */
const stepsMax = 300;
/** Leaves room in the document, of 1 MiB, for a notice and the other fields. */
const notesBytesMax = 500_000;

interface StepRoute<B, D> {
  readonly endpoint: `POST /${string}`;
  readonly summary: string;
  readonly audit: `incident.${string}`;
  readonly body: z.ZodType<B>;
  /** Reads what the step needs besides the incident. */
  readonly read: (deps: ReadDeps, body: B, incident: Incident) => Promise<D>;
  /** Pure. @throws {ApiError} if the step isn't possible. */
  readonly step: (
    incident: Incident,
    asked: { readonly body: B; readonly data: D; readonly now: number },
  ) => StepTaken;
}

interface StepTaken {
  readonly changes: Partial<Incident>;
  readonly note: string | null;
  readonly facts: Readonly<Record<string, string | number | null>>;
  readonly writes?: readonly Write[];
}

export function incidentStep<B, D>(route: StepRoute<B, D>): Route {
  return change({
    endpoint: route.endpoint,
    summary: route.summary,
    authenticate: "operator",
    scope: "none",
    params: incidentParams,
    query: noQuery,
    body: route.body,
    bodyBytesMax: jsonBytesMax,
    requestClass: "writes",
    beforeConfirmed: "reads",
    account: "none",
    audit: route.audit,
    refusals: ["CONFLICT"],
    reply: { 200: IncidentBody },
    read: async ({ params: { incidentId }, body, deps }) => {
      const found = await deps.store.require(incidents.doc(incidentId));
      return { found, more: await route.read(deps, body, found.value) };
    },
    actsOn: () => operatorsTrail(),
    decide({ caller, body, data: { found, more }, now }) {
      const { value, ref, version } = found;
      if (value.steps.length >= stepsMax) {
        throw new ApiError("CONFLICT", { message: "The incident has as many steps as it can." });
      }
      const { changes, note, facts, writes = [] } = route.step(value, { body, data: more, now });
      if (note !== null) requireRoomForNote(value, note);
      const changed = withStep(value, { changes, note, caller, now });
      return {
        writes: [replace(ref, version, changed), ...writes],
        subject: value.id,
        facts: { phase: changed.phase, ...facts },
        reply: ok(incidentBody(changed, now)),
      };
    },
  });
}

/** @throws {ApiError} `CONFLICT` if the notes would be too long together. */
function requireRoomForNote({ steps }: Incident, note: string): void {
  const notes = [...steps.map((step) => step.note ?? ""), note];
  const bytes = notes.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= notesBytesMax) return;
  const message = "The incident's notes have no more room: go on without one, or elsewhere.";
  throw new ApiError("CONFLICT", { message });
}

function withStep(
  incident: Incident,
  taken: {
    readonly changes: Partial<Incident>;
    readonly note: string | null;
    readonly caller: Callers["operator"];
    readonly now: number;
  },
): Incident {
  const { changes, note, caller, now } = taken;
  const changed = { ...incident, ...changes, updatedAt: now };
  const { phase, assignee } = changed;
  return {
    ...changed,
    steps: [...incident.steps, { phase, at: now, by: caller.id, assignee, note }],
  };
}
