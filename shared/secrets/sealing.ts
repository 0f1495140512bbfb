/**
 * Sealing needs no right, opening does: HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM.
 * Associated data binds a sealed value to its place, so it can't be moved elsewhere.
 */
import type { CipherSuite } from "hpke";

let loading: Promise<CipherSuite> | undefined;

/** Loaded on first use: most requests seal nothing, and every start would pay for it. */
function loaded(): Promise<CipherSuite> {
  loading ??= import("hpke").then(
    ({ AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 }) =>
      new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_256_GCM),
  );
  return loading;
}

/** Length of the encapsulated X25519 key that precedes the ciphertext. */
const encapsulatedBytes = 32;
/** Length of what AES-GCM puts behind it, which shows changes. */
const tagBytes = 16;

/** The place a value is bound to, outermost first: owner, environment, purpose, name. */
export type AssociatedData = readonly [string, ...string[]];

/** An unambiguous encoding: no two bindings share it. */
export function bindingBytes(binding: AssociatedData): Buffer {
  return Buffer.from(JSON.stringify(binding));
}

export interface SealingPair {
  /** Base64, public. */
  readonly publicKey: string;
  /** KMS wraps it at once; it is never stored as it is. */
  readonly privateKey: Buffer;
}

/** As long as any public half (32 bytes in base64), to measure documents before a pair is made. */
export const unknownPublicKey = "=".repeat(44);

export async function newSealingPair(): Promise<SealingPair> {
  const suite = await loaded();
  const pair = await suite.GenerateKeyPair(true);
  const publicKey = Buffer.from(await suite.SerializePublicKey(pair.publicKey)).toString("base64");
  return { publicKey, privateKey: Buffer.from(await suite.SerializePrivateKey(pair.privateKey)) };
}

/** Returns base64 of the encapsulated key and the ciphertext. */
export async function seal(
  publicKey: string,
  plain: Buffer,
  binding: AssociatedData,
): Promise<string> {
  const suite = await loaded();
  const key = await suite.DeserializePublicKey(Buffer.from(publicKey, "base64"));
  const sealed = await suite.Seal(key, plain, { aad: bindingBytes(binding) });
  return Buffer.concat([sealed.encapsulatedSecret, sealed.ciphertext]).toString("base64");
}

/** The length of what was sealed. */
export function plainBytesOf(sealed: string): number {
  return Buffer.byteLength(sealed, "base64") - encapsulatedBytes - tagBytes;
}

/** @throws if the value was sealed for another key or another binding, or was changed. */
export async function open(
  privateKey: Buffer,
  sealed: string,
  binding: AssociatedData,
): Promise<Buffer> {
  const suite = await loaded();
  const key = await suite.DeserializePrivateKey(privateKey);
  const bytes = Buffer.from(sealed, "base64");
  const [encapsulated, ciphertext] = [
    bytes.subarray(0, encapsulatedBytes),
    bytes.subarray(encapsulatedBytes),
  ];
  return Buffer.from(
    await suite.Open(key, encapsulated, ciphertext, { aad: bindingBytes(binding) }),
  );
}
