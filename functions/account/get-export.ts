import * as z from "zod";
import { accountExportBody } from "#shared/answers/account-export-body";
import { AccountExportBody } from "#shared/contract/account-export";
import { noParams, ok } from "#shared/contract/common";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { ownedRead } from "#shared/pipeline/owned-route";
import { query } from "#shared/pipeline/route";
import { accountExportId, accountExports } from "#shared/store/account-exports";

export const getExport = query({
  endpoint: "GET /v1/account/export",
  summary: "Say how far the last export is, and its archive's size and SHA-256.",
  ...ownedRead("account:read"),
  params: noParams,
  reply: { 200: z.object({ export: AccountExportBody }) },
  read: async ({ caller: { owner }, deps }) => {
    requireAllEnvironments(owner, "An export has all of them.");
    return await deps.store.require(accountExports.of(owner, accountExportId));
  },
  answer: ({ data: { value } }) => ok({ export: accountExportBody(value) }),
});
