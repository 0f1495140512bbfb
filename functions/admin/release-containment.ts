import * as z from "zod";
import { containmentBody } from "#shared/answers/incident-body";
import { noQuery, ok } from "#shared/contract/common";
import { ContainmentBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import { releaseTarget } from "#shared/incidents/contain";
import { turnEverybody } from "#shared/incidents/contain-everybody";
import { readContained } from "#shared/incidents/read-target";
import { followAccount } from "#shared/owners/suspend-owner";
import { logFailure } from "#shared/pipeline/request-log";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { containments } from "#shared/store/containments";
import { patch } from "#shared/store/documents";

const roundMsMax = 20_000;

export const releaseContainment = change({
  endpoint: "POST /v1/admin/containments/:containmentId/release",
  summary: "Undo a containment. The evidence stays frozen until the incident is closed.",
  authenticate: "operator",
  scope: "none",
  params: z.object({ containmentId: idSchema("containment") }),
  query: noQuery,
  body: "none",
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "containment.released",
  refusals: ["CONFLICT"],
  reply: { 200: ContainmentBody },
  read: async ({ params: { containmentId }, deps: { store } }) => {
    const { value } = await store.require(containments.doc(containmentId));
    return { containment: value, found: await readContained(store, value) };
  },
  actsOn: ({ found }) => found?.whole.owner ?? operatorsTrail(),
  decide({ caller, data: { containment, found }, request, now }) {
    const { id, incidentId, target, subject, ownerId } = containment;
    if (containment.releasedAt !== null) {
      throw new ApiError("CONFLICT", { message: "That was released already." });
    }
    const order = { operatorId: caller.id, requestId: request.id, now };
    const dueAt = found ? null : now;
    const released = { releasedAt: now, releasedBy: caller.id, afterOwnerId: null, dueAt };
    return {
      writes: found
        ? releaseTarget(containment, found, order)
        : [patch(containments.doc(id), released)],
      subject: subject ?? ownerId ?? incidentId,
      facts: { containmentId: id, incidentId, target },
      reply: ok(containmentBody({ ...containment, ...released })),
      released: { ...containment, ...released },
    };
  },
  promisesAfter: true,
  answerAfter: async ({ decided: { released }, deps, now }) => {
    if (released.target === "owner") await followAccount(deps, released.ownerId ?? "");
    if (released.target !== "all") return ok(containmentBody(released));
    const isLate = () => deps.now() > now + roundMsMax;
    const isDone = await turnEverybody(deps, released.id, { isLate, report: logFailure });
    return ok({ ...containmentBody(released), isDone });
  },
});
