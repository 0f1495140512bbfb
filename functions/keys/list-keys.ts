import { keyRecord } from "#shared/answers/key-record";
import { KeyRecord } from "#shared/contract/api-key";
import { listBody, listOf, noParams, ok, optionalFlag, PageQuery } from "#shared/contract/common";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { apiKeys } from "#shared/store/api-keys";

export const listKeys = query({
  endpoint: "GET /v1/keys",
  summary: "The account's keys by prefix and id; never the keys themselves.",
  ...ownedRead("keys:read"),
  params: noParams,
  query: PageQuery.extend({ includeInactive: optionalFlag }),
  neededToClose: true,
  reply: { 200: listOf(KeyRecord) },
  read: async ({ caller, query, deps }) => {
    const ofOwner = ["ownerId", caller.owner.id] as const;
    const unrevoked = ["revokedAt", null] as const;
    const undeleted = ["deletedAt", null] as const;
    return await deps.store.page(apiKeys.all(), {
      where: [ofOwner, query.includeInactive ? undeleted : unrevoked],
      orderBy: [["createdAt", "desc"]],
      limit: query.limit,
      offset: query.offset,
    });
  },
  answer({ caller: { owner }, data, query, now }) {
    const records = data.items.map((key) => keyRecord(key, now, owner.environmentIds));
    return ok(listBody(records, { ...query, total: data.total }));
  },
});
