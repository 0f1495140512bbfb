/** Plans, shows, asks, applies: the only way in which this program lets Terraform change things. */
import { setTimeout as delay } from "node:timers/promises";
import { confirm, detail, done, line, Stop } from "../print.ts";
import { type PlanSummary, summarise, summaryLines } from "../terraform/plan-summary.ts";
import { NotYetError, type Terraform } from "../terraform/run.ts";

const attemptsMax = 4;
/** How long a newly enabled service or a new right takes to work everywhere. */
const pauseMs = 60_000;

export interface Applying {
  readonly variables: object;
  readonly question: string;
  readonly yes: boolean;
  /** The word to type instead of yes. */
  readonly word?: string;
  /** Further arguments of `terraform plan`. */
  readonly how?: readonly string[];
}

/**
 * @returns The plan's digest; null if there was nothing to change.
 * @throws {Stop} If it isn't confirmed.
 */
export async function applyPlan(terraform: Terraform, applying: Applying): Promise<string | null> {
  let agreed: PlanSummary | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const { plan, sha256 } = await terraform.plan(applying.variables, ...(applying.how ?? []));
    const summary = summarise(plan);
    for (const text of summaryLines(summary)) line(text);
    if (summary.isEmpty) return attempt === 1 ? null : sha256;
    if (agreed === null || losesMore(agreed, summary)) {
      await confirm(applying.question, applying.yes, applying.word);
      agreed = summary;
    }
    try {
      await terraform.apply();
      done(`applied ${sha256.slice(0, 12)}`);
      return sha256;
    } catch (error) {
      if (!(error instanceof NotYetError) || attempt === attemptsMax) throw error;
      detail(`Google doesn't know everywhere yet what is on; once more in ${pauseMs / 1000} s`);
      await delay(pauseMs);
    }
  }
}

/** Whether a second plan would destroy more than the one that was confirmed. */
function losesMore(agreed: PlanSummary, now: PlanSummary): boolean {
  const known = new Set(agreed.lost.map(({ address }) => address));
  return now.lost.some(({ address }) => !known.has(address));
}

/** @throws {Stop} if `found` is null or undefined. */
export function need<T>(found: T | null | undefined, sentence: string): T {
  if (found === null || found === undefined) throw new Stop(sentence);
  return found;
}
