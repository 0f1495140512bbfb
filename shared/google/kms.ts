/** Wraps and unwraps with Cloud KMS; checksums cover every byte in both directions. */
import { crc32c } from "@aws-crypto/crc32c";
import type { KeyManagementServiceClient } from "@google-cloud/kms";
import { config, required } from "../config.ts";
import { Fault } from "../core/fault.ts";
import { ApiError } from "../errors/api-error.ts";
import { localEndpoint } from "./endpoint.ts";

export type KmsPurpose = "environment-secrets" | "audit-details";

/** The library's default is a minute. */
export const kmsTimeoutMs = 5_000;

let client: Promise<KeyManagementServiceClient> | undefined;

async function connect(): Promise<KeyManagementServiceClient> {
  const { KeyManagementServiceClient } = await import("@google-cloud/kms");
  return new KeyManagementServiceClient({
    projectId: config().GOOGLE_CLOUD_PROJECT,
    ...(await localEndpoint(config().PADDOCK_KMS_ENDPOINT)),
  });
}

export function kms(): Promise<KeyManagementServiceClient> {
  client ??= connect();
  return client;
}

export function keyName(purpose: KmsPurpose): string {
  return `${required("PADDOCK_KMS_KEY_RING")}/cryptoKeys/${purpose}`;
}

/** @throws {Fault} if the answer's bytes don't have their checksum. */
export function intact(bytes: Uint8Array, crc: { value?: unknown } | null | undefined): void {
  if (Number(crc?.value) !== crc32c(bytes)) throw new Fault("KMS: checksum mismatch in the answer");
}

/** @throws {ApiError} `UNAVAILABLE` if the call fails. */
export async function unavailableOnFailure<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw new ApiError("UNAVAILABLE", { cause, headers: { "retry-after": "5" } });
  }
}

/** @param aad what the result is bound to; unwrapping needs the same value. */
export async function wrap(
  purpose: KmsPurpose,
  plain: Buffer,
  aad: Buffer,
): Promise<{ readonly wrapped: string; readonly keyVersion: string }> {
  return await unavailableOnFailure(async () => {
    const [answer] = await (await kms()).encrypt(
      {
        name: keyName(purpose),
        plaintext: plain,
        plaintextCrc32c: { value: crc32c(plain) },
        additionalAuthenticatedData: aad,
        additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
      },
      { timeout: kmsTimeoutMs },
    );
    if (!answer.verifiedPlaintextCrc32c || !answer.verifiedAdditionalAuthenticatedDataCrc32c) {
      throw new Fault("KMS: the request was damaged on its way");
    }
    const wrapped = Buffer.from(answer.ciphertext as Uint8Array);
    intact(wrapped, answer.ciphertextCrc32c);
    return { wrapped: wrapped.toString("base64"), keyVersion: answer.name ?? "" };
  });
}

export async function unwrap(purpose: KmsPurpose, wrapped: string, aad: Buffer): Promise<Buffer> {
  return await unavailableOnFailure(async () => {
    const ciphertext = Buffer.from(wrapped, "base64");
    const [answer] = await (await kms()).decrypt(
      {
        name: keyName(purpose),
        ciphertext,
        ciphertextCrc32c: { value: crc32c(ciphertext) },
        additionalAuthenticatedData: aad,
        additionalAuthenticatedDataCrc32c: { value: crc32c(aad) },
      },
      { timeout: kmsTimeoutMs },
    );
    const plain = Buffer.from(answer.plaintext as Uint8Array);
    intact(plain, answer.plaintextCrc32c);
    return plain;
  });
}
