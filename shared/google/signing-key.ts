/** Keys that sign notes. Their private halves never leave Cloud KMS. */
import { crc32c } from "@aws-crypto/crc32c";
import { config, required } from "../config.ts";
import { publicKeyFromPem } from "../core/audit/signed-note.ts";
import { Fault } from "../core/fault.ts";
import { intact, kms, kmsTimeoutMs, unavailableOnFailure } from "./kms.ts";

const algorithm = "EC_SIGN_ED25519";

/** The audit log's checkpoints; certificates of deleted accounts; evidence of executions. */
export type SigningPurpose = "checkpoints" | "certificates" | "evidence";

/** The version of the key that signs now. */
export function signingVersion(purpose: SigningPurpose): number {
  const settings = config();
  const versions = {
    checkpoints: settings.PADDOCK_CHECKPOINT_KEY_VERSION,
    certificates: settings.PADDOCK_CERTIFICATE_KEY_VERSION,
    evidence: settings.PADDOCK_EVIDENCE_KEY_VERSION,
  };
  return versions[purpose];
}

function versionName(purpose: SigningPurpose, version = signingVersion(purpose)): string {
  return `${required("PADDOCK_KMS_KEY_RING")}/cryptoKeys/${purpose}/cryptoKeyVersions/${version}`;
}

/**
 * The key's public half, 32 bytes. @param version Defaults to the one that signs now.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signingPublicKey(purpose: SigningPurpose, version?: number): Promise<Buffer> {
  return await unavailableOnFailure(async () => {
    const [answer] = await (await kms()).getPublicKey(
      { name: versionName(purpose, version) },
      { timeout: kmsTimeoutMs },
    );
    const pem = answer.pem ?? "";
    intact(Buffer.from(pem), answer.pemCrc32c);
    const publicKey = answer.algorithm === algorithm ? publicKeyFromPem(pem) : null;
    if (!publicKey) throw new Fault(`the key of ${purpose} isn't ${algorithm}`);
    return publicKey;
  });
}

/**
 * Signs `text` itself: Ed25519 takes no digest. The same text always has the same signature.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signText(purpose: SigningPurpose, text: string): Promise<Buffer> {
  const data = Buffer.from(text);
  return await unavailableOnFailure(async () => {
    const name = versionName(purpose);
    const [answer] = await (await kms()).asymmetricSign(
      { name, data, dataCrc32c: { value: crc32c(data) } },
      { timeout: kmsTimeoutMs },
    );
    if (!answer.verifiedDataCrc32c) throw new Fault("KMS: the request was damaged on its way");
    if (answer.name !== name) throw new Fault("KMS: another key has signed");
    const signature = Buffer.from(answer.signature as Uint8Array);
    intact(signature, answer.signatureCrc32c);
    return signature;
  });
}
