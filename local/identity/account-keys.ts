/** The keys with which Google signs for service accounts; their private halves never leave it. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod";
import { readJsonFile, writeFileAtomically } from "../lib/atomic-file.ts";

const newKeyPair = promisify(generateKeyPair);
const modulusLength = 2_048;
const algorithm = "RSA-SHA256";

/** PEM of each account's private key, by the account's address. */
const Stored = z.record(z.string(), z.string());

export interface AccountKeys {
  /** Whether there is such an account. */
  has(email: string): boolean;
  /** Signs as `signBlob` does. */
  sign(email: string, bytes: Uint8Array): { readonly keyId: string; readonly signature: Buffer };
  /** Whether that account has signed these bytes; false for an account that doesn't exist. */
  isSignedBy(email: string, bytes: Uint8Array, signature: Uint8Array): boolean;
}

/** Opens `account-keys.json` (mode 600); keys that are missing there are made. */
export async function openAccountKeys(
  dataFolder: string,
  emails: readonly string[],
): Promise<AccountKeys> {
  const path = join(dataFolder, "account-keys.json");
  const stored = (await readJsonFile(path, Stored)) ?? {};
  const missing = emails.filter((email) => stored[email] === undefined);
  for (const email of missing) stored[email] = await newKey();
  if (missing.length > 0) await writeFileAtomically(path, JSON.stringify(stored));
  const keys = new Map<string, KeyObject>();
  for (const [email, pem] of Object.entries(stored)) keys.set(email, createPrivateKey(pem));
  return {
    has: (email) => keys.has(email),
    sign(email, bytes) {
      const key = keys.get(email);
      if (!key) throw new Error(`There is no account ${email}.`);
      const spki = createPublicKey(key).export({ type: "spki", format: "der" });
      const keyId = createHash("sha256").update(spki).digest("hex").slice(0, 40);
      return { keyId, signature: sign(algorithm, bytes, key) };
    },
    isSignedBy(email, bytes, signature) {
      const key = keys.get(email);
      return key !== undefined && verify(algorithm, bytes, createPublicKey(key), signature);
    },
  };
}

async function newKey(): Promise<string> {
  const { privateKey } = await newKeyPair("rsa", { modulusLength });
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}
