import type { IncomingMessage } from "node:http";
import * as z from "zod";
import { created, noQuery } from "#shared/contract/common";
import { exactObject } from "#shared/contract/exact";
import { idSchema } from "#shared/core/ids";
import { expiryOf } from "#shared/core/retention/expiry";
import { hourMs } from "#shared/core/retention/periods";
import { entryAt } from "#shared/core/workspace/tree-order";
import { ApiError } from "#shared/errors/api-error";
import { signDownload, storeTransfer } from "#shared/google/transfer-objects";
import type { Owner } from "#shared/identity/owner";
import { change, jsonBytesMax } from "#shared/pipeline/route";
import { countDownload } from "#shared/quotas/count-download";
import { create, type Write } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import type { ReadStore } from "#shared/store/store";
import { type Transfer, transfers } from "#shared/store/transfers";
import { readFilePieces } from "#shared/workspace/file-pieces";
import { readFilesOf } from "#shared/workspace/manifests";
import { requireFewOpen } from "./open-transfers.ts";
import { reserveOnce } from "./reserve-once.ts";
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
  read: async ({ caller: { owner }, params: { environmentId }, body, deps, now, signal }) => {
    const { value } = await deps.store.require(environments.of(owner, environmentId));
    const path = requirePathInWorkspace(withoutSlashes(body.path));
    const { manifest } = await readFilesOf(owner, value, signal);
    const file = entryAt(manifest.entries, path);
    if (file?.type !== "file") {
      throw new ApiError("NOT_FOUND", { message: "There is no such file." });
    }
    const wanted = { environmentId, sha256: file.sha256, until: now + signedMs };
    const known = await storedDownload(deps.store, owner, wanted);
    if (!known) await requireFewOpen(deps.store, owner, now);
    return { file, known };
  },
  prepare: async ({ caller: { owner }, data: { file, known }, raw, deps, ids, now }) => {
    const { sizeBytes, path } = file;
    const id = known?.id ?? ids.next("fileDownload");
    await once(raw, async () => {
      await countDownload(deps.store, owner, { sizeBytes, now });
      if (known) return;
      await reserveOnce(deps, owner, { raw, sizeBytes });
      await storeTransfer(owner, id, readFilePieces(owner, file, { offsetBytes: 0, sizeBytes }));
    });
    const expiresAt = deps.now() + signedMs;
    const name = path.split("/").at(-1) ?? path;
    const signed = await signDownload(owner, { id, name, expiresAt });
    return { file, isNew: known === null, id, request: signedBody(signed, expiresAt) };
  },
  decide({ caller: { owner }, params: { environmentId }, data, now }) {
    const { file, id, isNew, request } = data;
    const { path, sizeBytes: size, sha256 } = file;
    const download: Transfer = {
      ...{ v: 1, id, kind: "download", environmentId, path, sizeBytes: size, sha256 },
      ...{ state: "open", isCounted: true, createdAt: now, endsAt: now + keptMs },
      ...{ completedAt: null, expireAt: expiryOf("transfers", now) },
    };
    const writes: readonly Write[] = isNew ? [create(transfers.of(owner, id), download)] : [];
    return {
      writes,
      subject: environmentId,
      facts: { downloadId: id, sizeBytes: size },
      reply: created({ download: { environmentId, path, size, sha256, request } }),
    };
  },
});

/** One of the same bytes whose object stays for as long as an address lives. */
async function storedDownload(
  store: ReadStore,
  owner: Owner,
  wanted: {
    readonly environmentId: string;
    readonly sha256: string;
    readonly until: number;
  },
): Promise<Transfer | null> {
  const { environmentId, sha256, until } = wanted;
  const found = await store.findAll(transfers.all(owner), {
    where: [
      ["sha256", sha256],
      ["kind", "download"],
    ],
    orderBy: [],
    limit: 50,
  });
  const isUsable = ({ value }: (typeof found)[number]) =>
    value.environmentId === environmentId && value.endsAt > until;
  return found.find(isUsable)?.value ?? null;
}

/** What requests have done already; a decision may be repeated. */
const done = new WeakMap<IncomingMessage, Promise<void>>();

function once(request: IncomingMessage, work: () => Promise<void>): Promise<void> {
  const known = done.get(request) ?? work();
  done.set(request, known);
  return known;
}
