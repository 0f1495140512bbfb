import * as z from "zod";
import { keyRecord } from "#shared/answers/key-record";
import { KeyRecord } from "#shared/contract/api-key";
import { ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { findKey } from "./find-key.ts";

export const getKey = query({
  endpoint: "GET /v1/keys/:keyId",
  summary: "Get a key's bounds and its last use; never the key itself.",
  ...ownedRead("keys:read"),
  params: z.object({ keyId: idSchema("apiKey") }),
  neededToClose: true,
  reply: { 200: KeyRecord },
  read: async ({ caller, params: { keyId }, deps }) =>
    await findKey(deps.store, { ownerId: caller.owner.id, keyId }),
  answer({ caller: { owner }, data, now }) {
    return ok(keyRecord(data.value, now, owner.environmentIds));
  },
});
