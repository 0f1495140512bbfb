import * as z from "zod";
import { ok, optionalFlag } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { newDeletion } from "#shared/deletion/deletion-order";
import { finishInRequest } from "#shared/deletion/finish-deletion";
import { finishShredding, shredDeadlineMs } from "#shared/environments/shred";
import { ownedDeletion } from "#shared/pipeline/owned-route";
import { change } from "#shared/pipeline/route";
import { deletions } from "#shared/store/deletions";
import { create, remove } from "#shared/store/documents";
import { environments, sealedSecrets } from "#shared/store/environments";
import {
  type PendingKeyDestruction,
  pendingKeyDestructions,
} from "#shared/store/pending-key-destructions";
import { requireFound } from "#shared/store/read-document";

export const deleteEnvironment = change({
  endpoint: "DELETE /v1/environments/:environmentId",
  summary:
    "Delete an environment: its key pair is destroyed for good, and its executions are stopped.",
  ...ownedDeletion("environments:write"),
  params: z.object({ environmentId: idSchema("environment") }),
  // Clients of the public API ask for it; here nothing that is deleted is only hidden.
  query: z.object({ hard: optionalFlag }),
  audit: "environment.deleted",
  reply: { 200: z.object({ success: z.literal(true), id: z.string(), message: z.string() }) },
  read: async ({ caller: { owner }, params: { environmentId }, deps }) => {
    const [environment, sealed] = await deps.store.getAll(
      environments.of(owner, environmentId),
      sealedSecrets.of(owner, environmentId),
    );
    return { environment: requireFound(environment), sealed };
  },
  decide({ caller, data, request, now }) {
    const { environment, sealed } = data;
    const { id: environmentId, name, secretKeys } = environment.value;
    const actor = { type: caller.type, id: caller.id };
    const shred: PendingKeyDestruction = {
      v: 1,
      environmentId,
      ownerId: caller.owner.id,
      requestId: request.id,
      actor,
      dueAt: now + shredDeadlineMs,
    };
    const which = { kind: "environment", id: environmentId, requestId: request.id, now } as const;
    const order = newDeletion(caller, which);
    return {
      writes: [
        remove(environment.ref, environment.version),
        ...(sealed.version ? [remove(sealed.ref, sealed.version)] : []),
        create(pendingKeyDestructions.doc(environmentId), shred),
        create(deletions.doc(environmentId), order),
      ],
      subject: environmentId,
      facts: { secrets: secretKeys.length },
      reply: ok({ success: true, id: environmentId, message: deletedMessage(name) }),
      shred,
      order,
    };
  },
  // If this process dies here, maintenance finishes the work.
  after: async ({ caller: { owner }, decided: { shred, order }, deps }) => {
    await finishShredding(deps, owner, shred);
    await finishInRequest(deps, owner, order);
  },
});

/** Tells the client what holds from now on, and what follows. */
function deletedMessage(name: string): string {
  return `${name} is deleted: its secrets can't be opened and its files can't be read any more. What is stored of them is erased later.`;
}
