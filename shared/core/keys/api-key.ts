/**
 * API keys: `tb_prod_` or `tb_dev_`, then 64 hex characters. 56 are random and 8 are an HMAC of
 * everything before them, so a key that was never issued is refused without a read (KEY-3).
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { assert } from "../assert.ts";

export type Mode = "production" | "development";

/** 28 bytes: 224 random bits, so a plain SHA-256 is a sound way to store the key. */
export const keyRandomBytes = 28;
const prefixes = { production: "tb_prod_", development: "tb_dev_" } as const;
const form = /^(tb_prod_|tb_dev_)([0-9a-f]{56})([0-9a-f]{8})$/;
/** The length of the part that lists show: it tells keys apart and is useless to an attacker. */
const shownLength = 12;

function check(unchecked: string, pepper: Buffer): string {
  return createHmac("sha256", pepper).update(unchecked).digest("hex").slice(0, 8);
}

/** @param pepper the deployment's current secret, at least 32 bytes. */
export function composeKey(mode: Mode, random: Buffer, pepper: Buffer): string {
  assert(random.length === keyRandomBytes && pepper.length >= 32);
  const unchecked = prefixes[mode] + random.toString("hex");
  return unchecked + check(unchecked, pepper);
}

/** The mode of a key that one of `peppers` has signed; null for any other string. */
export function checkKey(key: string, peppers: readonly Buffer[]): Mode | null {
  const parts = form.exec(key);
  if (!parts) return null;
  const [, prefix = "", random = "", given = ""] = parts;
  const known = peppers.some((pepper) =>
    timingSafeEqual(Buffer.from(check(prefix + random, pepper)), Buffer.from(given)),
  );
  if (!known) return null;
  return prefix === prefixes.production ? "production" : "development";
}

/** The hash of a key, which is the only form in which it is stored. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

const keysInText = /tb_(?:prod|dev)_[0-9a-f]{8,64}/gi;

/** The text with every key in it replaced, also one that was cut off. */
export function withoutKeys(text: string): string {
  return text.replace(keysInText, "[key]");
}

export function shownPrefix(key: string): string {
  return key.slice(0, shownLength);
}
