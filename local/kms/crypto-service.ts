/** Encrypt, Decrypt, AsymmetricSign and GetPublicKey. */
import { createHash } from "node:crypto";
import { crc32c } from "@aws-crypto/crc32c";
import * as z from "zod";
import { failedPrecondition, invalid, notFound, type UnaryHandler, unary } from "../lib/grpc.ts";
import { Bytes, Int64Value } from "../lib/protobuf.ts";
import { decrypt, encrypt, publicKeyPem, signData, signDigest, versionOf } from "./cipher.ts";
import { type CryptoKey, type KeyStore, type KeyVersion, usableMaterial } from "./key-store.ts";
import { checkKeyName, parseKeyOrVersionName, parseVersionName } from "./names.ts";

/** The limit of plaintext and of additional data for software keys. */
const plainBytesMax = 64 * 1024;
const ciphertextBytesMax = plainBytesMax + 1_024;

const EncryptRequest = z.object({
  name: z.string(),
  plaintext: Bytes,
  plaintextCrc32c: Int64Value,
  additionalAuthenticatedData: Bytes,
  additionalAuthenticatedDataCrc32c: Int64Value,
});

const DecryptRequest = z.object({
  name: z.string(),
  ciphertext: Bytes,
  ciphertextCrc32c: Int64Value,
  additionalAuthenticatedData: Bytes,
  additionalAuthenticatedDataCrc32c: Int64Value,
});

const SignRequest = z.object({
  name: z.string(),
  digest: z.object({ sha256: Bytes.optional() }).nullish(),
  digestCrc32c: Int64Value,
  data: Bytes,
  dataCrc32c: Int64Value,
});

const PublicKeyRequest = z.object({
  name: z.string(),
  publicKeyFormat: z.enum(["PUBLIC_KEY_FORMAT_UNSPECIFIED", "PEM"]).optional(),
});

export function cryptoService(store: KeyStore): Record<string, UnaryHandler> {
  return {
    Encrypt: unary(EncryptRequest, (request) => answerEncrypt(store, request)),
    Decrypt: unary(DecryptRequest, (request) => answerDecrypt(store, request)),
    AsymmetricSign: unary(SignRequest, (request) => answerSign(store, request)),
    GetPublicKey: unary(PublicKeyRequest, (request) => answerPublicKey(store, request)),
  };
}

function answerEncrypt(store: KeyStore, request: z.output<typeof EncryptRequest>) {
  const { plaintext, additionalAuthenticatedData: aad } = request;
  boundBytes(plaintext, "plaintext", plainBytesMax);
  boundBytes(aad, "additional_authenticated_data", plainBytesMax);
  const verified = {
    verifiedPlaintextCrc32c: verify(plaintext, request.plaintextCrc32c, "plaintext"),
    verifiedAdditionalAuthenticatedDataCrc32c: verify(
      aad,
      request.additionalAuthenticatedDataCrc32c,
      "additional_authenticated_data",
    ),
  };
  const name = parseKeyOrVersionName(request.name);
  const key = keyFor(store, name.key, "ENCRYPT_DECRYPT");
  const number = name.number ?? key.primary;
  if (number === null) throw failedPrecondition("The key has no primary version.");
  const version = versionIn(key, name.key, number);
  const ciphertext = encrypt(usableMaterial(version), number, { bytes: plaintext, aad });
  return {
    name: `${name.key}/cryptoKeyVersions/${number}`,
    ciphertext,
    ciphertextCrc32c: { value: crc32c(ciphertext) },
    ...verified,
    protectionLevel: "SOFTWARE",
  };
}

function answerDecrypt(store: KeyStore, request: z.output<typeof DecryptRequest>) {
  const { ciphertext, additionalAuthenticatedData: aad } = request;
  boundBytes(ciphertext, "ciphertext", ciphertextBytesMax);
  boundBytes(aad, "additional_authenticated_data", plainBytesMax);
  verify(ciphertext, request.ciphertextCrc32c, "ciphertext");
  verify(aad, request.additionalAuthenticatedDataCrc32c, "additional_authenticated_data");
  const key = keyFor(store, checkKeyName(request.name), "ENCRYPT_DECRYPT");
  const number = versionOf(ciphertext);
  const version = key.versions.find((candidate) => candidate.number === number);
  // Doesn't say whether key, additional data or ciphertext was wrong.
  const refusal = invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.");
  if (!version) throw refusal;
  const plaintext = decrypt(usableMaterial(version), { bytes: ciphertext, aad });
  if (plaintext === null) throw refusal;
  return {
    plaintext,
    plaintextCrc32c: { value: crc32c(plaintext) },
    usedPrimary: key.primary === version.number,
    protectionLevel: "SOFTWARE",
  };
}

function answerSign(store: KeyStore, request: z.output<typeof SignRequest>) {
  const { digest, data } = request;
  if ((digest !== null && digest !== undefined) === data.length > 0) {
    throw invalid("Send either digest or data.");
  }
  boundBytes(data, "data", plainBytesMax);
  if (digest && request.dataCrc32c) throw invalid("data_crc32c needs data.");
  if (!digest && request.digestCrc32c) throw invalid("digest_crc32c needs a digest.");
  const verifiedDataCrc32c = verify(data, request.dataCrc32c, "data");
  const { name, key, version } = signingVersion(store, request.name);
  const { signature, verifiedDigestCrc32c } =
    key.algorithm === "EC_SIGN_ED25519" ? signPure(version, request) : signHashed(version, request);
  return {
    name,
    signature,
    signatureCrc32c: { value: crc32c(signature) },
    verifiedDigestCrc32c,
    verifiedDataCrc32c,
    protectionLevel: "SOFTWARE",
  };
}

/** Ed25519 in its pure mode signs data, and nothing that was hashed before. */
function signPure(version: KeyVersion, { digest, data }: z.output<typeof SignRequest>) {
  if (digest) throw invalid("This key signs data: it takes no digest.");
  return { signature: signData(usableMaterial(version), data), verifiedDigestCrc32c: false };
}

function signHashed(version: KeyVersion, request: z.output<typeof SignRequest>) {
  const { digest, data } = request;
  const sha256 = digest ? (digest.sha256 ?? new Uint8Array()) : sha256Of(data);
  if (sha256.length !== 32) throw invalid("This key signs SHA-256 digests of 32 bytes.");
  const verifiedDigestCrc32c = verify(sha256, request.digestCrc32c, "digest");
  return { signature: signDigest(usableMaterial(version), sha256), verifiedDigestCrc32c };
}

function answerPublicKey(store: KeyStore, request: z.output<typeof PublicKeyRequest>) {
  const { name, key, version } = signingVersion(store, request.name);
  const pem = publicKeyPem(usableMaterial(version));
  const checksum = { value: crc32c(Buffer.from(pem)) };
  const answer = { name, protectionLevel: "SOFTWARE", algorithm: key.algorithm };
  // If a format is requested, the service fills the newer field too.
  const publicKey = { crc32cChecksum: checksum, data: Buffer.from(pem) };
  const asked = request.publicKeyFormat === "PEM" ? { publicKeyFormat: "PEM", publicKey } : {};
  return { ...answer, pem, pemCrc32c: checksum, ...asked };
}

function signingVersion(store: KeyStore, name: string) {
  const { key: keyName, number } = parseVersionName(name);
  const key = keyFor(store, keyName, "ASYMMETRIC_SIGN");
  return { name, key, version: versionIn(key, keyName, number) };
}

function keyFor(store: KeyStore, name: string, purpose: CryptoKey["purpose"]): CryptoKey {
  const key = store.key(name);
  if (key.purpose !== purpose) throw failedPrecondition(`The key's purpose is ${key.purpose}.`);
  return key;
}

export function versionIn(key: CryptoKey, keyName: string, number: number): KeyVersion {
  const version = key.versions.find((candidate) => candidate.number === number);
  if (!version)
    throw notFound(`CryptoKeyVersion ${keyName}/cryptoKeyVersions/${number} not found.`);
  return version;
}

function sha256Of(data: Uint8Array): Uint8Array {
  return createHash("sha256").update(data).digest();
}

function boundBytes(bytes: Uint8Array, field: string, bytesMax: number): void {
  if (bytes.length > bytesMax) throw invalid(`${field} is longer than ${bytesMax} bytes.`);
}

/**
 * Whether a checksum came with `bytes`. @throws {RpcError} INVALID_ARGUMENT if it doesn't match.
 */
function verify(bytes: Uint8Array, checksum: Int64Value, field: string): boolean {
  if (!checksum) return false;
  if (checksum.value !== crc32c(bytes)) throw invalid(`The checksum of ${field} doesn't match.`);
  return true;
}
