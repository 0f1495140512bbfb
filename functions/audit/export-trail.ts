import type { ServerResponse } from "node:http";
import { exportPieces } from "#shared/audit/export-pieces";
import { readProvenHead } from "#shared/audit/read-proven-head";
import { signedLog } from "#shared/audit/signed-log";
import { noParams, noQuery } from "#shared/contract/common";
import { writePaced } from "#shared/limits/paced-writing";
import { countDownload } from "#shared/quotas/count-download";
import { recordedRead } from "./recorded-read.ts";

export const exportTrail = recordedRead({
  name: "export",
  endpoint: "GET /v1/audit/export",
  summary: "Export the whole trail at its last signed checkpoint, for npm run audit:verify.",
  params: noParams,
  query: noQuery,
  reply: { 200: "bytes" },
  read: async ({ caller: { owner }, deps: { store } }) =>
    await readProvenHead(store, owner, signedLog()),
  async answer({ caller: { owner }, data: proven, request, deps, signal }) {
    const { store } = deps;
    const pieces = exportPieces(store, owner, proven);
    /** Its bytes are counted before they are sent, as a file's are (TEN-2). */
    const next = async () => {
      const { value = null } = await pieces.next();
      if (value) await countDownload(store, owner, { sizeBytes: value.length, now: deps.now() });
      return value;
    };
    // A trail that can't be read, or may not be downloaded any more today, is refused at once.
    const first = request.method === "GET" ? await next() : null;
    const stream = async (response: ServerResponse) => {
      const all = async function* () {
        for (let piece = first; piece; piece = await next()) yield piece;
      };
      await writePaced(response, all(), signal);
    };
    const name = `audit-${owner.id}-${proven.head.size}.ndjson`;
    return {
      status: 200,
      headers: {
        "content-type": "application/x-ndjson",
        "content-disposition": `attachment; filename="${name}"`,
      },
      stream,
    };
  },
});
