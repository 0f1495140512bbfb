/** Decides whether a stored API key is refused: expired, revoked, suspended or out of bounds. */
import { isInRanges } from "../network/address-range.ts";
import type { Mode } from "./api-key.ts";

/** The fields of a stored key that decide. */
interface KeyState {
  /** Epoch milliseconds, like `revokedAt`. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly ownerState: "active" | "suspended";
  readonly mode: Mode;
  /** Canonical CIDR notation; null for any address. */
  readonly addressRanges: readonly string[] | null;
}

/** How a key was presented: its prefix's mode, and the client's address. */
export interface KeyUse {
  readonly mode: Mode;
  readonly address: string;
}

interface KeyRefusal {
  readonly code: "UNAUTHORIZED" | "FORBIDDEN";
  readonly message: string;
}

/**
 * Why a key may not be used now, and the sentence for its sender; null if it may.
 * @param now Epoch milliseconds.
 */
export function keyRefusal(key: KeyState, use: KeyUse, now: number): KeyRefusal | null {
  if (key.expiresAt !== null && key.expiresAt <= now) return dead("The API key has expired.");
  if (key.revokedAt !== null) return dead("The API key has been revoked.");
  if (key.ownerState !== "active") return dead("The account of this API key is suspended.");
  if (key.mode !== use.mode) return dead("The API key's prefix doesn't match its account's mode.");
  if (key.addressRanges !== null && !isInRanges(use.address, key.addressRanges)) {
    return { code: "FORBIDDEN", message: "The API key may not be used from this address." };
  }
  return null;
}

function dead(message: string): KeyRefusal {
  return { code: "UNAUTHORIZED", message };
}
