import type { SignedLog } from "#shared/audit/read-proven-head";
import { required } from "#shared/config";
import { readCheckpointNote } from "#shared/google/checkpoints";

/** The deployment's log. */
export function signedLog(): SignedLog {
  const origin = required("PADDOCK_AUDIT_LOG");
  return { origin, readNote: async (size) => await readCheckpointNote(origin, size) };
}
