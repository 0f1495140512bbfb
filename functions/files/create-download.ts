import * as z from "zod";
import { created, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { idSchema } from "#shared/core/ids";
import { expiryOf } from "#shared/core/retention/expiry";
import { hourMs } from "#shared/core/retention/periods";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { removeTransfer, signDownload, storeTransfer } from "#shared/google/transfer-objects";
import type { Owner } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countDownload, type Download, uncountDownload } from "#shared/quotas/count-download";
import { type Reserved, releaseStored } from "#shared/quotas/reserve-transfer";
import { patch, unchanged } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";
import { type Transfer, transfers } from "#shared/store/transfers";
import { readFilePieces } from "#shared/workspace/file-pieces";
import { readFilesOf } from "#shared/workspace/manifests";
import { OncePerRequest } from "./once-per-request.ts";
import { requireFewOpen } from "./open-transfers.ts";
import { reservedBy, reserveOnce } from "./reserve-once.ts";
import { SignedRequestBody, signedBody } from "./transfer-bodies.ts";
import { requirePathInWorkspace, withoutSlashes } from "./upload-path.ts";

/** A request that was begun by then goes on; each further one needs another address. */
const signedMs = 5 * 60_000;
/** How long the object is kept, so that a further address costs no copy. */
const keptMs = hourMs;

export const createDownload = change({
  endpoint: "POST /v1/environments/:environmentId/downloads",
  summary: "Make an address from which a file can be read for some minutes without an API key.",
  authenticate: "api-key",
  scope: "files:read",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: exactObject({ path: z.string().min(1).max(4_096) }),
  bodyBytesMax: jsonBytesMax,
  requestClass: "writes",
  beforeConfirmed: "nothing",
  account: "none",
  audit: "download.signed",
  refusals: ["INVALID_PATH", "QUOTA_REACHED", "RATE_LIMITED"],
  reply: {
    201: z.object({
      download: z.object({
        environmentId: z.string(),
        path: z.string(),
        size: z.int(),
        sha256: z.string(),
        request: SignedRequestBody,
      }),
    }),
  },
  read: async ({ caller: { owner }, params, body, deps, now, repeated, signal }) => {
    const { environmentId } = params;
    const { value } = await deps.store.require(environments.of(owner, environmentId));
    const path = requirePathInWorkspace(withoutSlashes(body.path));
    const { manifest } = await readFilesOf(owner, value, signal);
    const file = entryAt(manifest.entries, path);
    if (file?.type !== "file") {
      throw new ApiError("NOT_FOUND", { message: "There is no such file." });
    }
    const wanted = { environmentId, sha256: file.sha256, until: now + signedMs };
    const known = await storedDownload(deps.store, owner, wanted);
    if (!known && !repeated) {
      await requireFewOpen(deps.store, owner, { kind: "download", now });
    }
    return { file, known };
  },
  prepare: async ({ caller: { owner }, params: { environmentId }, data, raw, deps, ids, now }) => {
    const { file, known } = data;
    const { sizeBytes, path } = file;
    const copied = await copies.do(raw, async () => {
      await counted.do(raw, async () => {
        await countDownload(deps.store, owner, { sizeBytes, now });
        return { sizeBytes, now };
      });
      if (known) return { id: known.value.id, reserved: null };
      const wanted = { id: ids.next("fileDownload"), environmentId, path, sizeBytes };
      const transfer = newDownload(wanted, now);
      const reserved = await reserveOnce(deps, owner, { raw, transfer });
      const { id } = reserved.value;
      await storeTransfer(owner, id, readFilePieces(owner, file, { offsetBytes: 0, sizeBytes }));
      return { id, reserved };
    });
    const expiresAt = deps.now() + signedMs;
    const name = path.split("/").at(-1) ?? path;
    const signed = await signDownload(owner, { id: copied.id, name, expiresAt });
    return { file, ...copied, known, request: signedBody(signed, expiresAt) };
  },
  decide({ params: { environmentId }, data: { file, id, known, reserved, request } }) {
    const { path, sizeBytes: size, sha256 } = file;
    // The copy that was found at first has ended meanwhile.
    if (!reserved && !known) throw new ApiError("UNAVAILABLE");
    return {
      writes: [
        // From now on, all requests for the same bytes get addresses of the same object.
        ...(reserved ? [patch(reserved.ref, { sha256 }, { version: reserved.version })] : []),
        // Each address is on the record, also where nothing changes (AUD-1).
        ...(!reserved && known ? [unchanged(known)] : []),
      ],
      subject: environmentId,
      facts: { downloadId: id, sizeBytes: size },
      reply: created({ download: { environmentId, path, size, sha256, request } }),
    };
  },
  undo: async ({ caller: { owner }, raw, deps: { store } }) => {
    const download = await counted.doneBy(raw);
    if (download) await uncountDownload(store, owner, download);
    const reserved = await reservedBy(raw);
    if (!reserved) return;
    const removeObject = async () => await removeTransfer(owner, reserved.value.id);
    await releaseStored(store, owner, { reserved, removeObject });
  },
});

/** One whose object isn't there yet. Its hash is added once it is. */
function newDownload(
  what: Pick<Transfer, "id" | "environmentId" | "path" | "sizeBytes">,
  now: number,
): Transfer {
  return {
    ...{ v: 1, kind: "download", ...what, sha256: null, state: "open", isCounted: true },
    ...{ createdAt: now, endsAt: now + keptMs, completedAt: null, readingCount: 0 },
    expireAt: expiryOf("transfers", now),
  };
}

/** The one of the same bytes whose object stays the longest, if it stays as long as an address. */
async function storedDownload(
  store: ReadStore,
  owner: Owner,
  wanted: {
    readonly environmentId: string;
    readonly sha256: string;
    readonly until: number;
  },
): Promise<Reserved | null> {
  const { environmentId, sha256, until } = wanted;
  const [found] = await store.findAll(transfers.all(owner), {
    where: [
      ["environmentId", environmentId],
      ["kind", "download"],
      ["sha256", sha256],
    ],
    between: { field: "endsAt", from: until + 1, to: undefined },
    orderBy: [["endsAt", "desc"]],
    limit: 1,
  });
  return found ?? null;
}

interface Copied {
  readonly id: string;
  /** Null if the object was there already. */
  readonly reserved: Reserved | null;
}

const copies = new OncePerRequest<Copied>();
/** In the day's bytes. */
const counted = new OncePerRequest<Download>();
