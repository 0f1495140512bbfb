import { createHash } from "node:crypto";
import * as z from "zod";
import { noQuery, ok } from "#shared/contract/common";
import { idSchema } from "#shared/core/ids";
import { ancestorsOf, type Manifest, manifestOf } from "#shared/core/manifest";
import { ApiError } from "#shared/errors/api-error";
import { route } from "#shared/pipeline/route";
import { storeObject } from "#shared/quotas/store-object";
import { patch } from "#shared/store/documents";
import { environments } from "#shared/store/environments";
import { readManifest, requireRoom, storeManifest } from "#shared/workspace/manifests";
import { landingPath } from "./landing-path.ts";
import { readUpload, uploadBytesMax } from "./read-upload.ts";

/** Of the form around the file. */
const formBytesMax = 64 * 1024;

export const uploadFile = route({
  answers: "POST /v1/environments/:environmentId/files/upload",
  summary: "Put a file into the workspace, in place of the one at that path if there is one.",
  authenticate: "api-key",
  scope: "files:write",
  params: z.object({ environmentId: idSchema("environment") }),
  query: noQuery,
  body: "raw",
  bodyBytesMax: uploadBytesMax + formBytesMax,
  limits: "writes",
  budget: "free",
  audit: "file.uploaded",
  reply: {
    200: z.object({
      success: z.literal(true),
      environmentId: z.string(),
      filename: z.string(),
      path: z.string(),
      size: z.int(),
    }),
  },
  read: async ({ caller: { owner }, params, raw, deps, now }) => {
    const ref = environments.of(owner, params.environmentId);
    const environment = await deps.store.require(ref);
    const upload = await readUpload(raw);
    const path = landingPath(upload);
    const base = await readManifest(owner, environment.value.workspace?.manifestSha256 ?? null);
    const { bytes } = upload;
    const pack =
      bytes.length > 0 ? await storeObject(deps.store, owner, { kind: "packs", bytes }) : null;
    const parts = pack ? [{ pack, offsetBytes: 0, sizeBytes: bytes.length }] : [];
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const size = { sha256, sizeBytes: bytes.length, mode: 0o644, modifiedAt: now };
    const next = withFile(base, { path, type: "file", ...size, parts });
    requireRoom(environment.value, next);
    const head = await storeManifest(deps.store, owner, next);
    return { environment, head, path, sizeBytes: bytes.length };
  },
  decide({ params: { environmentId }, data, now }) {
    const { environment, head, path, sizeBytes } = data;
    const { ref, version } = environment;
    const filename = path.split("/").at(-1) ?? path;
    return {
      writes: [patch(ref, { workspace: head, updatedAt: now }, { version })],
      subject: environmentId,
      facts: { sizeBytes, manifestSha256: head.manifestSha256 },
      reply: ok({ success: true, environmentId, filename, path, size: sizeBytes }),
    };
  },
});

/** @throws {ApiError} `INVALID_PATH` where a folder would have to be a file, or a file a folder. */
function withFile(base: Manifest, file: Manifest["entries"][number]): Manifest {
  const above = new Set(ancestorsOf(file.path));
  const blocking = base.entries.find(
    (entry) =>
      (above.has(entry.path) && entry.type !== "directory") ||
      entry.path.startsWith(`${file.path}/`),
  );
  if (blocking) {
    const message = `The file path collides with ${blocking.path}.`;
    throw new ApiError("INVALID_PATH", { message });
  }
  const others = base.entries.filter(({ path }) => path !== file.path && !above.has(path));
  return manifestOf([...others, file]);
}
