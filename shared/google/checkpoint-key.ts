/** The key that signs the audit log's checkpoints. */
import { signingPublicKey, signingVersion, signText } from "./signing-key.ts";

/** The key's public half, 32 bytes. @throws {ApiError} `UNAVAILABLE`. */
export async function checkpointPublicKey(): Promise<Buffer> {
  return await signingPublicKey("checkpoints");
}

/** The public halves of all versions up to the one that signs now, newest first, one by one. */
export async function* checkpointPublicKeys(): AsyncGenerator<Buffer> {
  for (let version = signingVersion("checkpoints"); version > 0; version -= 1) {
    // A version that was destroyed has no public half any more.
    const key = await signingPublicKey("checkpoints", version).catch(() => null);
    if (key) yield key;
  }
}

/** Signs `text`; the same text always has the same signature. @throws {ApiError} `UNAVAILABLE`. */
export async function signCheckpoint(text: string): Promise<Buffer> {
  return await signText("checkpoints", text);
}
