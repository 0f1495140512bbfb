import type { Alert } from "../core/money/alert-state.ts";
import type { Owner } from "../identity/owner.ts";

/**
 * One structured line per alert, for an alert policy to match `jsonPayload.event="budget.alert"`:
 * written once the commit that raised it is done, by the process that did it.
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
