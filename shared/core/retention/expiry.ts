import { type ExpiringClass, retention } from "./retention-table.ts";

/**
 * When a document of this class expires: `expireAt`, from which on Firestore may delete it.
 * @param writtenAt Epoch milliseconds.
 */
export function expiryOf(name: ExpiringClass, writtenAt: number): Date {
  return new Date(writtenAt + retention[name].keptMs);
}

/**
 * Whether a document must not be shown any more. Firestore mostly deletes it within a day after
 * that, and doesn't promise when.
 */
export function isExpired({ expireAt }: { readonly expireAt: Date }, now: number): boolean {
  return expireAt.getTime() <= now;
}
