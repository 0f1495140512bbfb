import { required } from "../config.ts";
import { readCheckpointNote } from "../google/checkpoints.ts";
import type { SignedLog } from "./read-proven-head.ts";

/** The deployment's log. */
export function signedLog(): SignedLog {
  const origin = required("PADDOCK_AUDIT_LOG");
  return { origin, readNote: async (size) => await readCheckpointNote(origin, size) };
}
