import * as z from "zod";
import { accountExportBody } from "#shared/answers/account-export-body";
import { AccountExportBody } from "#shared/contract/account-export";
import { noParams, noQuery } from "#shared/contract/common";
import { hourMs } from "#shared/core/retention/periods";
import { ApiError } from "#shared/errors/api-error";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { change } from "#shared/pipeline/route";
import {
  type AccountExport,
  accountExportId,
  accountExports,
  dueExports,
} from "#shared/store/account-exports";
import { createOrReplace, overwrite } from "#shared/store/documents";
import { toReadEverything } from "./export-scopes.ts";

/** An archive reads all that an account has. */
const pauseMs = hourMs;

export const requestExport = change({
  endpoint: "POST /v1/account/export",
  summary: "Have an archive made of everything that is the account's. It takes minutes.",
  authenticate: "api-key",
  scope: "account:read",
  needsToo: toReadEverything,
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "writes",
  beforeConfirmed: "reads",
  account: "none",
  audit: "account.export_requested",
  refusals: ["CONFLICT"],
  reply: { 202: z.object({ export: AccountExportBody }) },
  read: async ({ caller: { owner }, deps }) => {
    requireAllEnvironments(owner, "An export has all of them.");
    return await deps.store.get(accountExports.of(owner, accountExportId));
  },
  decide({ caller, data: { ref, value: earlier, version }, ids, now }) {
    if (earlier) requirePause(earlier, now);
    const asked: AccountExport = {
      v: 1,
      id: ids.next("accountExport"),
      keyId: caller.id,
      state: "waiting",
      requestedAt: now,
      attempt: 0,
      completedAt: null,
      sizeBytes: null,
      sha256: null,
    };
    const ownerId = caller.owner.id;
    return {
      writes: [
        createOrReplace(ref, version, asked),
        overwrite(dueExports.doc(ownerId), { v: 1, ownerId, dueAt: now }),
      ],
      subject: asked.id,
      reply: { status: 202, body: { export: accountExportBody(asked) } },
    };
  },
});

/** @throws {ApiError} `CONFLICT` while one is made, `RATE_LIMITED` soon afterwards. */
function requirePause({ id, state, requestedAt }: AccountExport, now: number): void {
  if (state === "waiting" || state === "building") {
    const message = "An export is being made; GET /v1/account/export says when it is ready.";
    throw new ApiError("CONFLICT", { message, details: { id } });
  }
  const pauseLeftMs = requestedAt + pauseMs - now;
  // One that failed was read five times, and would be again.
  if (pauseLeftMs <= 0) return;
  const message = "An account is exported once an hour; wait for Retry-After seconds.";
  const headers = { "retry-after": String(Math.ceil(pauseLeftMs / 1_000)) };
  throw new ApiError("RATE_LIMITED", { message, headers, details: { id } });
}
