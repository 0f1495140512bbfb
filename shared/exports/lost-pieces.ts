/** What storage has lost of a file costs an archive that file's rest, and nothing else. */
import { ApiError } from "../errors/api-error.ts";
import type { Owner } from "../identity/owner.ts";

/** The pieces before the first one that isn't stored any more; other failures may pass. */
export async function* asFarAsStored(
  pieces: AsyncIterable<Buffer>,
  reportLoss: () => void,
): AsyncGenerator<Buffer> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "NOT_FOUND") throw error;
    reportLoss();
  }
}

/** What tells operators once that files of a workspace have lost bytes. */
export function lossReport({ id: ownerId }: Owner, environmentId: string): () => void {
  let isReported = false;
  return () => {
    if (isReported) return;
    isReported = true;
    const facts = { alarm: true, ownerId, environmentId };
    const line = { severity: "ERROR", message: "files of a workspace are lost", ...facts };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
}
