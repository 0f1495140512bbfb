/** The key that signs the audit log's checkpoints. Its private half never leaves Cloud KMS. */
import { crc32c } from "@aws-crypto/crc32c";
import { config, required } from "../config.ts";
import { publicKeyFromPem } from "../core/audit/signed-note.ts";
import { Fault } from "../core/fault.ts";
import { intact, kms, kmsTimeoutMs, unavailableOnFailure } from "./kms.ts";

const algorithm = "EC_SIGN_ED25519";

function versionName(): string {
  const key = `${required("PADDOCK_KMS_KEY_RING")}/cryptoKeys/checkpoints`;
  return `${key}/cryptoKeyVersions/${config().PADDOCK_CHECKPOINT_KEY_VERSION}`;
}

/** The key's public half, 32 bytes. @throws {ApiError} `UNAVAILABLE`. */
export async function checkpointPublicKey(): Promise<Buffer> {
  return await unavailableOnFailure(async () => {
    const [answer] = await (await kms()).getPublicKey(
      { name: versionName() },
      { timeout: kmsTimeoutMs },
    );
    const pem = answer.pem ?? "";
    intact(Buffer.from(pem), answer.pemCrc32c);
    const publicKey = answer.algorithm === algorithm ? publicKeyFromPem(pem) : null;
    if (!publicKey) throw new Fault(`the key of checkpoints isn't ${algorithm}`);
    return publicKey;
  });
}

/**
 * Signs `text` itself: Ed25519 takes no digest. The same text always has the same signature.
 * @throws {ApiError} `UNAVAILABLE`.
 */
export async function signCheckpoint(text: string): Promise<Buffer> {
  const data = Buffer.from(text);
  return await unavailableOnFailure(async () => {
    const name = versionName();
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
