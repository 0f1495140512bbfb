import { signingPublicKey } from "#shared/google/signing-key";

/** A process signs with one version of the key for as long as it runs, so one answer is enough. */
let known: Promise<Buffer> | null = null;

/** The public half of the key that signs evidence. @throws {ApiError} `UNAVAILABLE`. */
export async function evidenceKey(): Promise<Buffer> {
  const asked = known ?? signingPublicKey("evidence");
  known = asked;
  // A failure isn't remembered, so the next request asks again.
  asked.catch(() => {
    if (known === asked) known = null;
  });
  return await asked;
}
