import type { Alert } from "../core/money/alert-state.ts";
import type { Owner } from "../identity/owner.ts";

/**
 * Logs one structured line per alert, after the commit that raised it. An alert policy matches
 * `jsonPayload.event="budget.alert"`.
 */
export function announceAlerts(owner: Owner, raised: readonly Alert[]): void {
  for (const { of, percent, period, limitMicrousd, spentMicrousd, at } of raised) {
    const line = {
      severity: "WARNING",
      message: `${percent} % of ${subjects[of]} is spent`,
      event: "budget.alert",
      ownerId: owner.id,
      of,
      percent,
      period,
      limitMicrousd,
      spentMicrousd,
      at: new Date(at).toISOString(),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

const subjects: Readonly<Record<Alert["of"], string>> = {
  balance: "the balance",
  day: "the daily limit",
  month: "the monthly limit",
};
