/** Decides whether a stored API key is refused: expired, revoked, suspended or out of bounds. */
import { isInRanges } from "../network/address-range.ts";
import type { Mode } from "./api-key.ts";
import type { KeyRefusalReason } from "./refused-uses.ts";

/** The fields of a stored key that decide. */
interface KeyState {
  /** Epoch milliseconds, like `revokedAt`. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly ownerState: "active" | "suspended";
  /** The containment that holds it. */
  readonly containedBy: string | null;
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
  readonly reason: KeyRefusalReason;
  readonly code: "UNAUTHORIZED" | "FORBIDDEN";
  readonly message: string;
}

/**
 * Why a key may not be used now, and the sentence for its sender; null if it may.
 * @param now Epoch milliseconds.
 */
export function keyRefusal(key: KeyState, use: KeyUse, now: number): KeyRefusal | null {
  if (key.expiresAt !== null && key.expiresAt <= now) {
    return dead("expired", "The API key has expired.");
  }
  if (key.revokedAt !== null) return dead("revoked", "The API key has been revoked.");
  if (key.containedBy !== null) return dead("contained", "The API key is held in an incident.");
  if (key.ownerState !== "active") {
    return dead("suspended", "The account of this API key is suspended.");
  }
  if (key.mode !== use.mode) {
    return dead("mode", "The API key's prefix doesn't match its account's mode.");
  }
  if (key.addressRanges !== null && !isInRanges(use.address, key.addressRanges)) {
    const message = "The API key may not be used from this address.";
    return { reason: "address", code: "FORBIDDEN", message };
  }
  return null;
}

function dead(reason: KeyRefusalReason, message: string): KeyRefusal {
  return { reason, code: "UNAUTHORIZED", message };
}
