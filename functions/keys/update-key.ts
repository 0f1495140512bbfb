import * as z from "zod";
import { keyRecord } from "#shared/answers/key-record";
import { KeyRecord, KeyUpdate } from "#shared/contract/api-key";
import { noQuery, ok, toJsonText } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { patch } from "#shared/store/documents";
import { findKey } from "./find-key.ts";

export const updateKey = change({
  endpoint: "PATCH /v1/keys/:keyId",
  summary: "Change a key's name, description or metadata; its bounds can't be changed.",
  authenticate: "api-key",
  scope: "keys:write",
  params: z.object({ keyId: idSchema("apiKey") }),
  query: noQuery,
  body: KeyUpdate,
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "key.updated",
  reply: { 200: KeyRecord },
  read: async ({ caller, params: { keyId }, deps }) =>
    await findKey(deps.store, { ownerId: caller.owner.id, keyId }),
  decide({ caller: { owner }, body, data: { ref, value, version }, now }) {
    const { name = value.name, description = value.description, metadata } = body;
    const metadataJson = metadata === undefined ? value.metadataJson : toJsonText(metadata);
    const fields = { name, description, metadataJson };
    const reply = ok(keyRecord({ ...value, ...fields }, now, owner.environmentIds));
    return { writes: [patch(ref, fields, { version })], subject: value.id, reply };
  },
});
