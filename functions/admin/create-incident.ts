import * as z from "zod";
import { incidentBody } from "#shared/answers/incident-body";
import { created, noParams, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { IncidentBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import { affectedMax, indexWrites, newIncident } from "#shared/incidents/open-incident";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { create } from "#shared/store/documents";
import { incidents } from "#shared/store/incidents";
import { owners } from "#shared/store/owners";
import { Note } from "./incident-params.ts";

const OwnerId = z.object({ id: z.string() });

export const createIncident = change({
  endpoint: "POST /v1/admin/incidents",
  summary: "Open an incident that was reported, or found by a person.",
  authenticate: "operator",
  scope: "none",
  params: noParams,
  query: noQuery,
  body: exactObject({
    title: z.string().trim().min(1).max(200),
    note: Note.optional(),
    /** The accounts that it concerns. */
    userIds: z.array(idSchema("owner")).max(affectedMax).default([]),
  }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "incident.opened",
  reply: { 201: IncidentBody },
  read: async ({ body: { userIds }, deps: { store } }) => {
    const ids = [...new Set(userIds)];
    const found = await store.getParts(
      OwnerId,
      ids.map((id) => owners.doc(id)),
    );
    if (found.includes(null)) throw new ApiError("NOT_FOUND");
    return ids;
  },
  actsOn: () => operatorsTrail(),
  decide({ caller, body: { title, note = null }, data: ownerIds, ids, now }) {
    const opened = { source: "reported" as const, title, note, ownerIds, by: caller.id };
    const about = { id: ids.next("incident"), subject: null, amount: 0, lastAt: now };
    const incident = newIncident({ ...opened, ...about }, now);
    return {
      writes: [create(incidents.doc(incident.id), incident), ...indexWrites(incident)],
      subject: incident.id,
      facts: { source: "reported", owners: ownerIds.length },
      reply: created(incidentBody(incident, now)),
    };
  },
});
