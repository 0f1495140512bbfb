import * as z from "zod";
import { noQuery } from "#shared/contract/common";
import type { ObjectKind } from "#shared/core/retention/retention-table";
import { getObject } from "#shared/google/objects";
import { query } from "#shared/pipeline/route";
import { requireRunning } from "./live-executions.ts";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

function getRoute(kind: ObjectKind) {
  return query({
    endpoint: `GET /internal/workspace/${kind}/:sha256`,
    summary: `One of the owner's ${kind}, by its digest.`,
    authenticate: "execution",
    scope: "none",
    params: z.object({ sha256: digest }),
    query: noQuery,
    body: "none",
    bodyBytesMax: 0,
    requestClass: "none",
    reply: { 200: "bytes" },
    read: async ({ caller: { owner, claims }, params: { sha256 }, deps }) => {
      await requireRunning(deps, owner, claims);
      return await getObject(owner, { kind, sha256 });
    },
    answer({ data: bytes }) {
      const headers = {
        "content-type": "application/octet-stream",
        "content-length": String(bytes.length),
      };
      const stream = async (response: { write(bytes: Buffer): boolean }) => {
        if (bytes.length > 0) response.write(bytes);
      };
      return { status: 200, headers, stream };
    },
  });
}

export const getManifest = getRoute("manifests");
export const getPack = getRoute("packs");
