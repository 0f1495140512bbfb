/** The operations of KMS on a key's material. Pure, except for the random nonce. */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from "node:crypto";
import { p256 } from "@noble/curves/nist.js";
import * as z from "zod";

export type Purpose = "ENCRYPT_DECRYPT" | "ASYMMETRIC_SIGN";

export const Algorithm = z.enum([
  "GOOGLE_SYMMETRIC_ENCRYPTION",
  "EC_SIGN_P256_SHA256",
  "EC_SIGN_ED25519",
]);
export type Algorithm = z.infer<typeof Algorithm>;

/** The algorithms that keys of a purpose may have. */
export const algorithms: Readonly<Record<Purpose, readonly Algorithm[]>> = {
  ENCRYPT_DECRYPT: ["GOOGLE_SYMMETRIC_ENCRYPTION"],
  ASYMMETRIC_SIGN: ["EC_SIGN_P256_SHA256", "EC_SIGN_ED25519"],
};

/** New secret material, base64: a 256-bit key, or a private key as PKCS #8. */
export function generateMaterial(algorithm: Algorithm): string {
  if (algorithm === "GOOGLE_SYMMETRIC_ENCRYPTION") return randomBytes(32).toString("base64");
  const { privateKey } =
    algorithm === "EC_SIGN_ED25519"
      ? generateKeyPairSync("ed25519")
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
}

// A ciphertext: format (1 byte), key version (4), nonce (12), encrypted bytes, tag (16).
const format = 1;
const versionEnd = 5;
const nonceEnd = versionEnd + 12;
const tagBytes = 16;

export interface Sealed {
  readonly bytes: Uint8Array;
  readonly aad: Uint8Array;
}

/** AES-256-GCM. The version is authenticated too, so a ciphertext can't be moved to another. */
export function encrypt(material: string, version: number, plain: Sealed): Buffer {
  const head = Buffer.alloc(versionEnd);
  head.writeUInt8(format);
  head.writeUInt32BE(version, 1);
  const nonce = randomBytes(nonceEnd - versionEnd);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(material, "base64"), nonce);
  cipher.setAAD(Buffer.concat([head, plain.aad]));
  const encrypted = [cipher.update(plain.bytes), cipher.final()];
  return Buffer.concat([head, nonce, ...encrypted, cipher.getAuthTag()]);
}

/** The version that made a ciphertext; null if it can't be one of ours. */
export function versionOf(ciphertext: Uint8Array): number | null {
  if (ciphertext.length < nonceEnd + tagBytes || ciphertext[0] !== format) return null;
  return Buffer.from(ciphertext).readUInt32BE(1);
}

/** Null if ciphertext or AAD aren't what was sealed. */
export function decrypt(material: string, sealed: Sealed): Buffer | null {
  const bytes = Buffer.from(sealed.bytes);
  const nonce = bytes.subarray(versionEnd, nonceEnd);
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(material, "base64"), nonce);
  decipher.setAAD(Buffer.concat([bytes.subarray(0, versionEnd), sealed.aad]));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceEnd, -tagBytes)), decipher.final()]);
  } catch {
    return null;
  }
}

/**
 * An ECDSA signature (DER) over a SHA-256 digest from the caller. Node's `sign` hashes its input,
 * so the curve's arithmetic comes from a library.
 */
export function signDigest(material: string, digest: Uint8Array): Buffer {
  const { d } = privateKeyOf(material).export({ format: "jwk" });
  const secret = new Uint8Array(Buffer.from(String(d), "base64url"));
  const options = { prehash: false, format: "der" } as const;
  return Buffer.from(p256.sign(new Uint8Array(digest), secret, options));
}

/** An Ed25519 signature (64 bytes) of the data itself: PureEdDSA, which takes no digest. */
export function signData(material: string, data: Uint8Array): Buffer {
  return sign(null, data, privateKeyOf(material));
}

/** SubjectPublicKeyInfo, PEM. */
export function publicKeyPem(material: string): string {
  const key = createPublicKey(privateKeyOf(material));
  return key.export({ type: "spki", format: "pem" }).toString();
}

function privateKeyOf(material: string) {
  const der = Buffer.from(material, "base64");
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}
