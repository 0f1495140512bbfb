import type { ServerResponse } from "node:http";
import { exportPieces } from "#shared/audit/export-pieces";
import { readProvenHead } from "#shared/audit/read-proven-head";
import { signedLog } from "#shared/audit/signed-log";
import { noParams, noQuery } from "#shared/contract/common";
import { openPieces } from "#shared/google/range-pieces";
import { writePaced } from "#shared/limits/paced-writing";
import { recordedRead } from "#shared/pipeline/recorded-read";
import { countDownload } from "#shared/quotas/count-download";

export const exportTrail = recordedRead({
  name: "export",
  endpoint: "GET /v1/audit/export",
  summary: "Export the whole trail at its last signed checkpoint, for npm run audit:verify.",
  params: noParams,
  query: noQuery,
  refusals: ["AUDIT_PENDING"],
  reply: { 200: "bytes" },
  read: async ({ caller: { owner }, deps: { store } }) =>
    await readProvenHead(store, owner, signedLog()),
  async answer({ caller: { owner }, data: proven, request, deps, signal }) {
    const { store } = deps;
    /** Its bytes are counted before they are sent, as a file's are (TEN-2). */
    const counted = async function* () {
      for await (const piece of exportPieces(store, owner, proven)) {
        await countDownload(store, owner, { sizeBytes: piece.length, now: deps.now() });
        yield piece;
      }
    };
    // A trail that can't be read, or may not be downloaded any more today, is refused at once.
    const pieces = request.method === "GET" ? await openPieces(counted()) : [];
    const stream = async (response: ServerResponse) => await writePaced(response, pieces, signal);
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
