import * as z from "zod";
import { containmentBody } from "#shared/answers/incident-body";
import { created, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { ContainmentBody } from "#shared/contract/incident";
import { idSchema } from "#shared/core/ids";
import { allInOrder } from "#shared/errors/all-in-order";
import { ApiError } from "#shared/errors/api-error";
import { operatorsTrail } from "#shared/identity/owner";
import { containTarget, finishContainment, newContainment } from "#shared/incidents/contain";
import { everybodyWrites, turnEverybody } from "#shared/incidents/contain-everybody";
import { readTarget } from "#shared/incidents/read-target";
import { logFailure } from "#shared/pipeline/request-log";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { unchanged } from "#shared/store/documents";
import { incidents } from "#shared/store/incidents";
import { incidentParams } from "./incident-params.ts";

/** The request goes on with the round over all owners for this long; then a sweep does. */
const roundMsMax = 20_000;

const Target = z.discriminatedUnion("target", [
  exactObject({ target: z.literal("key"), keyId: idSchema("apiKey") }),
  exactObject({ target: z.literal("owner"), userId: idSchema("owner") }),
  exactObject({
    target: z.literal("environment"),
    userId: idSchema("owner"),
    environmentId: idSchema("environment"),
  }),
  exactObject({ target: z.literal("all") }),
]);

export const containIncident = change({
  endpoint: "POST /v1/admin/incidents/:incidentId/contain",
  summary: "Stop a key, an account, an environment or everything, and freeze the evidence.",
  authenticate: "operator",
  scope: "none",
  params: incidentParams,
  query: noQuery,
  body: Target,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "closing",
  audit: "containment.started",
  refusals: ["CONFLICT"],
  reply: { 201: ContainmentBody.extend({ executionIds: z.array(z.string()) }) },
  read: async ({ params: { incidentId }, body, deps: { store } }) => {
    const [incident, found] = await allInOrder([
      store.require(incidents.doc(incidentId)),
      body.target === "all" ? null : readTarget(store, body),
    ]);
    return { incident, found };
  },
  actsOn: ({ found }) => found?.whole.owner ?? operatorsTrail(),
  decide({ caller, data: { incident, found }, request, ids, now }) {
    const message = "The incident is closed; move it back to triage first.";
    if (incident.value.phase === "closed") throw new ApiError("CONFLICT", { message });
    const { id: incidentId } = incident.value;
    const id = ids.next("containment");
    const order = { id, incidentId, operatorId: caller.id, requestId: request.id, now };
    const everyone = { target: "all" as const, ownerId: null, mode: null, subject: null };
    const contained = found
      ? containTarget(order, found)
      : { containment: newContainment(order, everyone), writes: null };
    const { containment } = contained;
    const { target, subject } = containment;
    return {
      // One that is closed meanwhile would hold something that nobody is reminded of.
      writes: [...(contained.writes ?? everybodyWrites(containment)), unchanged(incident)],
      subject: subject ?? containment.ownerId ?? incidentId,
      facts: { containmentId: id, incidentId, target, keys: containment.keyIds.length },
      reply: created({ ...containmentBody(containment), executionIds: [] }),
      containment,
    };
  },
  promisesAfter: true,
  answerAfter: async ({ decided: { containment }, deps, now }) => {
    if (containment.target === "all") {
      const isLate = () => deps.now() > now + roundMsMax;
      const isDone = await turnEverybody(deps, containment.id, { isLate, report: logFailure });
      return created({ ...containmentBody(containment), isDone, executionIds: [] });
    }
    const finished = await finishContainment(deps, containment);
    return created({ ...containmentBody(containment), isDone: true, ...finished });
  },
});
