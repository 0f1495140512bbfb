import { createHash } from "node:crypto";
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { describeError } from "#shared/core/describe-error";
import type { ObjectKind } from "#shared/core/retention/retention-table";
import { ManifestError } from "#shared/core/workspace/manifest-error";
import { ApiError } from "#shared/errors/api-error";
import { readBytes } from "#shared/pipeline/parse";
import { action } from "#shared/pipeline/route";
import { manifestBytesMax, packBytesMax } from "#shared/protocol/runner";
import { storeObject } from "#shared/quotas/store-object";
import { inManifestTurn, type ManifestTurn } from "#shared/workspace/manifest-turn";
import { requireStoring } from "./live-executions.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const bytesMax = { manifests: manifestBytesMax, packs: packBytesMax } as const;

/** Objects are named by their content, so storing one again, or an unused one, does no harm. */
function putRoute(kind: Exclude<ObjectKind, "transfers">) {
  return action({
    endpoint: `PUT /internal/workspace/${kind}/:sha256`,
    summary: `Store one of the owner's ${kind} under the digest of its bytes.`,
    authenticate: "execution",
    scope: "none",
    params: z.object({ sha256: digest }),
    query: noQuery,
    body: "raw",
    bodyBytesMax: bytesMax[kind],
    requestClass: "none",
    reply: { 200: z.object({ sha256: z.string() }) },
    beforeConfirmed: "nothing",
    read: "nothing",
    perform: async ({ caller, params, raw, deps, signal }) => {
      const bytes = await readBytes(raw, bytesMax[kind]);
      if (createHash("sha256").update(bytes).digest("hex") !== params.sha256) {
        throw new ApiError("VALIDATION_FAILED", { message: "The bytes don't have that digest." });
      }
      // Checked after the body has arrived, because that may take long.
      await requireStoring(deps, caller.owner, caller.claims);
      const store = async () => await storeObject(deps, caller.owner, { kind, bytes });
      if (kind === "packs") return ok({ sha256: await store() });
      const stored = inManifestTurn(caller.owner, signal, async (turn) => {
        await requireManifest(turn, params.sha256, bytes);
        return await store();
      });
      return ok({ sha256: await stored });
    },
  });
}

/** A manifest from a runner is validated like any other input. */
async function requireManifest(turn: ManifestTurn, sha256: string, bytes: Buffer): Promise<void> {
  try {
    await turn.keep(sha256, bytes);
  } catch (cause) {
    if (!(cause instanceof ManifestError)) throw cause;
    throw new ApiError("VALIDATION_FAILED", { message: describeError(cause), cause });
  }
}

export const putManifest = putRoute("manifests");
export const putPack = putRoute("packs");
