/** The key that signs the audit log's checkpoints. */
import { signingPublicKey, signText } from "./signing-key.ts";

/** The key's public half, 32 bytes. @throws {ApiError} `UNAVAILABLE`. */
export async function checkpointPublicKey(): Promise<Buffer> {
  return await signingPublicKey("checkpoints");
}

/** Signs `text`; the same text always has the same signature. @throws {ApiError} `UNAVAILABLE`. */
export async function signCheckpoint(text: string): Promise<Buffer> {
  return await signText("checkpoints", text);
}
