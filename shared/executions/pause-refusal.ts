import type { PauseReason } from "../core/schedules/words.ts";
import { ApiError } from "../errors/api-error.ts";

/** A refusal that pauses what starts by itself: what it needs is gone. */
export class PauseRefusal extends ApiError {
  readonly reason: Extract<PauseReason, "key" | "environment" | "agent">;

  constructor(reason: PauseRefusal["reason"], message: string) {
    super(reason === "key" ? "UNAUTHORIZED" : "NOT_FOUND", { message });
    this.reason = reason;
  }
}

/** Why a refusal pauses what starts by itself; null if trying again may help. */
export function pauseReasonOf(refusal: ApiError): PauseReason | null {
  if (refusal instanceof PauseRefusal) return refusal.reason;
  const { code, status } = refusal;
  if (status === 402) return "budget";
  if (status === 429 || status >= 500 || code === "CONFLICT") return null;
  return "refused";
}
