/**
 * The token that proves that somebody reads the mail of an address. Like a webhook's secret it is
 * derived instead of stored, so that no database and no record of what was sent has it.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { hourMs } from "../retention/periods.ts";

/** How long an address may be confirmed after it was asked for. */
export const confirmWithinMs = 24 * hourMs;
const tokenBytes = 32;
/** In hex. */
export const emailTokenForm = /^[0-9a-f]{64}$/;

interface AskedAddress {
  readonly ownerId: string;
  readonly address: string;
  /** Another number gives another token, so that each is good once. */
  readonly generation: number;
}

export function emailToken(root: Buffer, { ownerId, address, generation }: AskedAddress): string {
  const info = `paddock email ${JSON.stringify([ownerId, address, generation])}`;
  return Buffer.from(hkdfSync("sha256", root, Buffer.alloc(0), info, tokenBytes)).toString("hex");
}

/** @param token In the form of `emailTokenForm`. */
export function isEmailToken(root: Buffer, asked: AskedAddress, token: string): boolean {
  const expected = Buffer.from(emailToken(root, asked), "hex");
  const shown = Buffer.from(token, "hex");
  return shown.length === expected.length && timingSafeEqual(shown, expected);
}

/** Names an address and a day where they are counted, without saying which address it is. */
export function addressDayId(root: Buffer, address: string, day: number): string {
  const key = hkdfSync("sha256", root, Buffer.alloc(0), "paddock addresses", tokenBytes);
  const digest = createHmac("sha256", Buffer.from(key)).update(address.toLowerCase()).digest("hex");
  return `${digest}-${day}`;
}
