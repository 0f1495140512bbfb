/** Plans, shows, asks, applies: the only way in which this program lets Terraform change things. */
import type { Clock } from "../clock.ts";
import { confirm, detail, done, line, Stop } from "../print.ts";
import { type Plan, type PlanSummary, summarise, summaryLines } from "../terraform/plan-summary.ts";
import { NotYetError, type Terraform } from "../terraform/run.ts";

/**
 * Google says that a grant may take seven minutes and longer
 * (cloud.google.com/iam/docs/access-change-propagation).
 */
const attemptsMax = 11;
const pauseMs = 60_000;

/** A part of the confirmed plan that is applied before the rest, and awaited. */
export interface FirstPart {
  /** Addresses; none if the plan has no such part. */
  targetsOf(plan: Plan): readonly string[];
  /** Waits until the rest can be made. */
  untilReady(plan: Plan): Promise<void>;
}

export interface Applying {
  readonly variables: object;
  readonly question: string;
  readonly yes: boolean;
  readonly clock: Clock;
  /** The word to type instead of yes. */
  readonly word?: string;
  /** Further arguments of `terraform plan`. */
  readonly how?: readonly string[];
  /** Names of what may be locked for good without being asked for. */
  readonly locks?: readonly string[];
  readonly first?: FirstPart;
}

type Planning = Pick<Terraform, "apply" | "plan" | "untaintStateless">;

/**
 * @returns The plan's digest; null if there was nothing to change.
 * @throws {Stop} If it isn't confirmed.
 */
export async function applyPlan(terraform: Planning, applying: Applying): Promise<string | null> {
  const how = applying.how ?? [];
  let agreed: PlanSummary | null = null;
  for (let attempt = 1; ; attempt += 1) {
    for (const address of await terraform.untaintStateless()) {
      detail(`${address} failed when it was made; it is changed in place`);
    }
    const { plan, sha256 } = await terraform.plan(applying.variables, ...how);
    const summary = summarise(plan);
    for (const text of summaryLines(summary)) line(text);
    if (summary.isEmpty) return attempt === 1 ? null : sha256;
    if (agreed === null || losesMore(agreed, summary)) {
      await confirm(applying.question, applying.yes, applying.word);
      await confirmLocks(summary.locks, applying.locks ?? []);
      agreed = summary;
    }
    try {
      const applied = await applyInOrder(terraform, applying, { plan, sha256 });
      done(`applied ${applied.slice(0, 12)}`);
      return applied;
    } catch (error) {
      if (!(error instanceof NotYetError)) throw error;
      if (attempt === attemptsMax) {
        const minutes = ((attemptsMax - 1) * pauseMs) / 60_000;
        throw new Stop(
          `After ${minutes} minutes still: ${error.message}. Terraform says above for what; put it right, then run the same command again.`,
        );
      }
      detail(`${error.message}; once more in ${pauseMs / 1000} s`);
      await applying.clock.wait(pauseMs);
    }
  }
}

/**
 * Applies the first part and then the rest, which is planned again because the first is there.
 * @throws {Stop} If the rest would destroy or lock more than what was confirmed, minutes before.
 */
async function applyInOrder(
  terraform: Planning,
  { variables, how = [], first }: Applying,
  { plan, sha256 }: { readonly plan: Plan; readonly sha256: string },
): Promise<string> {
  const targets = first?.targetsOf(plan) ?? [];
  if (first === undefined || targets.length === 0) {
    await terraform.apply();
    return sha256;
  }
  await terraform.plan(variables, ...how, ...targets.map((address) => `-target=${address}`));
  await terraform.apply();
  await first.untilReady(plan);
  const rest = await terraform.plan(variables, ...how);
  const summary = summarise(rest.plan);
  if (losesMore(summarise(plan), summary)) {
    for (const text of summaryLines(summary)) line(text);
    throw new Stop("This is more than what was confirmed: look at it, and run the command again.");
  }
  await terraform.apply();
  return rest.sha256;
}

/** Each lock is typed, or named on the command line: `--yes` confirms none. */
async function confirmLocks(names: readonly string[], given: readonly string[]): Promise<void> {
  for (const name of names) {
    if (given.includes(name)) continue;
    if (!process.stdin.isTTY) {
      throw new Stop(
        `The plan locks ${name} for good, which nobody can undo. To lock it: --lock ${name}. To leave it open: protection.lock_archive and protection.lock_logs are false by default.`,
      );
    }
    await confirm(`Lock ${name} for good? Nobody can undo it.`, false, name);
  }
}

/** Whether a second plan would destroy or lock more than the one that was confirmed. */
function losesMore(agreed: PlanSummary, now: PlanSummary): boolean {
  const known = new Set(agreed.lost.map(({ address }) => address));
  return (
    now.lost.some(({ address }) => !known.has(address)) ||
    now.locks.some((name) => !agreed.locks.includes(name))
  );
}

/** @throws {Stop} if `found` is null or undefined. */
export function need<T>(found: T | null | undefined, sentence: string): T {
  if (found === null || found === undefined) throw new Stop(sentence);
  return found;
}
