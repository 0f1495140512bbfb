/**
 * The address of a trigger's webhook. Its last part is an HMAC of the others, so an address that
 * was never given out is refused without a read.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { idSchema } from "../ids.ts";

export interface TriggerAddress {
  readonly ownerId: string;
  readonly triggerId: string;
  /** Grows with each new secret; the address before then ends. */
  readonly generation: number;
}

const form = /^([A-Za-z0-9_-]{1,40})\.([A-Za-z0-9_-]{1,40})\.([1-9][0-9]{0,8})\.([0-9a-f]{40})$/;
const owner = idSchema("owner");
const trigger = idSchema("trigger");

export function composeTriggerAddress(address: TriggerAddress, pepper: Buffer): string {
  const { ownerId, triggerId, generation } = address;
  return `${ownerId}.${triggerId}.${generation}.${check(address, pepper)}`;
}

/** @returns Null for any text that none of `peppers` has signed. */
export function checkTriggerAddress(
  text: string,
  peppers: readonly Buffer[],
): TriggerAddress | null {
  const [, ownerId = "", triggerId = "", generation = "", given = ""] = form.exec(text) ?? [];
  if (!owner.safeParse(ownerId).success || !trigger.safeParse(triggerId).success) return null;
  const address = { ownerId, triggerId, generation: Number(generation) };
  const isKnown = peppers.some((pepper) =>
    timingSafeEqual(Buffer.from(check(address, pepper)), Buffer.from(given)),
  );
  return isKnown ? address : null;
}

function check({ ownerId, triggerId, generation }: TriggerAddress, pepper: Buffer): string {
  const text = `paddock trigger address ${ownerId} ${triggerId} ${generation}`;
  return createHmac("sha256", pepper).update(text).digest("hex").slice(0, 40);
}
