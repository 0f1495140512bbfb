/** An environment's documentation as one text, under the name that older clients have for it. */
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { ConfigBody, ConfigSet } from "#shared/contract/environment-state";
import { idSchema } from "#shared/core/ids";
import { toStartLater } from "#shared/keys/further-scopes";
import { environmentRead } from "#shared/pipeline/environment-read";
import { change, jsonBytesMax, query } from "#shared/pipeline/route";
import { requireEnvironmentRoom } from "#shared/store/document-room";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";

const params = z.object({ environmentId: idSchema("environment") });

export const getConfig = query({
  endpoint: "GET /v1/environments/:environmentId/config",
  summary: "The environment's documentation, which its models read, as one text.",
  ...environmentRead,
  params,
  reply: { 200: ConfigBody },
  read: async ({ caller: { owner }, params: { environmentId }, deps }) =>
    await deps.store.require(environments.of(owner, environmentId)),
  answer: ({ data }) => ok({ config: data.value.documentation.join("\n\n") }),
});

export const setConfig = change({
  endpoint: "PUT /v1/environments/:environmentId/config",
  summary: "Replace the environment's documentation by one text.",
  authenticate: "api-key",
  scope: "environments:write",
  needsToo: { ...toStartLater, when: ({ config }) => config !== "" },
  params,
  query: noQuery,
  body: ConfigSet,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "environment.updated",
  reply: { 200: ConfigBody },
  read: async ({ caller: { owner }, params: { environmentId }, deps }) =>
    await deps.store.require(environments.of(owner, environmentId)),
  decide({ body: { config }, data: { ref, value, version }, now }) {
    const fields = { documentation: config === "" ? [] : [config], updatedAt: now };
    requireEnvironmentRoom({ ...value, ...fields }, value);
    return { writes: [patch(ref, fields, { version })], subject: value.id, reply: ok({ config }) };
  },
});
