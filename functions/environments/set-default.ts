import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { EnvironmentBody } from "#shared/contract/environment";
import { idSchema } from "#shared/core/ids";
import { readDefaultMark, takeDefaultMark } from "#shared/environments/default-environment";
import { readAround, showEnvironment } from "#shared/environments/shown-environments";
import { allInOrder } from "#shared/errors/all-in-order";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";

export const setDefault = change({
  endpoint: "POST /v1/environments/:environmentId/set-default",
  summary: "Make it the default environment, instead of the one that is.",
  authenticate: "api-key",
  scope: "environments:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: z.object({}),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  repeating: "harmless",
  beforeConfirmed: "reads",
  account: "none",
  audit: "environment.updated",
  reply: { 200: z.object({ environment: EnvironmentBody }) },
  read: async ({ caller: { owner }, params: { environmentId: id }, deps: { store } }) => {
    requireAllEnvironments(owner);
    const [found, mark] = await allInOrder([
      store.require(environments.of(owner, id)),
      readDefaultMark(store, owner),
    ]);
    return { found, mark, around: await readAround(store, owner, [found.value], id) };
  },
  decide({ caller: { owner }, data: { found, mark, around }, now }) {
    const { ref, value, version } = found;
    const { id } = value;
    const fields = { isDefault: true, updatedAt: now };
    const environment = showEnvironment(owner, { ...value, ...fields }, around);
    return {
      writes: [patch(ref, fields, { version }), ...takeDefaultMark(mark, { id, now })],
      subject: id,
      facts: { isDefault: true },
      reply: ok({ environment }),
    };
  },
});
