/** Brings an environment's layer into its folder, before the sandbox starts. */
import { Fault } from "#shared/core/fault";
import type { ClaimedLayer } from "#shared/protocol/runner";
import type { PreparedLayer } from "../launcher/messages.ts";
import { fetchManifest, fillWorkspace, type WorkspaceSource } from "./fetch-workspace.ts";
import { LineIndex } from "./line-index.ts";

/** Room for what a file system needs besides the files. */
const spareBytes = 1_048_576;
/** Builds have no more files than a workspace may have. */
const inodesMax = 100_000;

/** Thrown if the layer isn't whole: without it, programs would behave as if it were never built. */
export class LayerError extends Fault {
  override readonly name = "LayerError";
}

/** What the launcher must make for a layer. */
export function preparedLayer(layer: ClaimedLayer | null): PreparedLayer {
  if (layer === null || layer.use === "build") return layer;
  return { use: "mount", sizeBytes: layer.restoreBytes + spareBytes };
}

/**
 * @param folder The empty folder; null if the sandbox has no layer that was built before.
 * @throws {LayerError} If any part of it can't be brought.
 */
export async function fillLayer(
  source: WorkspaceSource,
  layer: ClaimedLayer | null,
  folder: string | null,
): Promise<void> {
  if (layer?.use !== "mount" || folder === null) return;
  const { manifest, isOlder } = await fetchManifest(source, [layer.manifestSha256]);
  const room = { restoreBytes: layer.restoreBytes + spareBytes, inodes: inodesMax };
  const filling = { folder, room, lines: new LineIndex() };
  const absent = isOlder ? null : await fillWorkspace(source, manifest, filling);
  if (absent === null || absent.length > 0) {
    throw new LayerError(
      "The environment's layer can't be read whole: build it again, with force.",
    );
  }
}
