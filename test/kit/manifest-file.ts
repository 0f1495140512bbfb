/** A file of a manifest, for tests that care about some of its fields only. */
import type { ManifestFile } from "#shared/core/workspace/manifest";

/** A digest that is easy to tell from others. */
export const digest = (letter: string) => letter.repeat(64);

export function file(path: string, changes: object = {}): ManifestFile {
  return {
    path,
    type: "file",
    sha256: digest("a"),
    sizeBytes: 3,
    mode: 0o644,
    modifiedAt: 1_700_000_000_000,
    parts: [{ pack: digest("b"), offsetBytes: 0, sizeBytes: 3 }],
    ...changes,
  };
}
