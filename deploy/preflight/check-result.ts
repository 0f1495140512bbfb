/** The result of a preflight check. */
import type { Clock } from "../clock.ts";
import type { GoogleApi, GoogleRefusal } from "../google/api.ts";
import type { Credentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";

/**
 * `blocks`: the deployment would fail, so it doesn't begin. `note`: the deployer should know it.
 * `unchecked`: the check couldn't be made, so the deployment may fail of it.
 */
export interface Finding {
  readonly kind: "blocks" | "note" | "unchecked";
  /** One sentence. */
  readonly what: string;
  /** The exact commands, or a page, that fix it. */
  readonly fix?: readonly string[];
}

export interface CheckResult {
  readonly subject: string;
  /** In a few words, what is in order; empty if nothing is. */
  readonly found: string;
  readonly findings: readonly Finding[];
}

export interface PreflightAt {
  readonly options: DeployOptions;
  readonly credentials: Credentials | null;
  /** Null without credentials. */
  readonly google: GoogleApi | null;
  readonly endpoint: string | null;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** The context of checks that ask Google. */
export interface GoogleAt extends PreflightAt {
  readonly google: GoogleApi;
  /** The deployer in IAM's notation, or `unknownMember`. */
  readonly member: string;
}

export const blocks = (what: string, ...fix: string[]): Finding => ({ kind: "blocks", what, fix });
export const note = (what: string, ...fix: string[]): Finding => ({ kind: "note", what, fix });
export const unchecked = (what: string, ...fix: string[]): Finding => ({
  kind: "unchecked",
  what,
  fix,
});

/** Makes a function that builds the result about `subject`. */
export function resultFor(subject: string): (found: string, ...findings: Finding[]) => CheckResult {
  return (found, ...findings) => ({ subject, found, findings });
}

/** Explains why Google didn't answer; a disabled service differs from a missing right. */
export function explainRefusal(refused: GoogleRefusal): string {
  if (refused.reason === "NO_TOKEN") return refused.message;
  if (isOff(refused)) return "its service is off";
  if (refused.status === 403) return "these credentials may not see it";
  if (refused.status === 0) return `no answer came (${refused.message})`;
  return `Google answered ${refused.status} ${refused.message}`.trim();
}

export function isOff({ status, reason, message }: GoogleRefusal): boolean {
  return status === 403 && (reason === "SERVICE_DISABLED" || /has not been used/.test(message));
}

export function enableCommand(project: string, services: readonly string[]): string {
  return `gcloud services enable ${services.join(" ")} --project=${project}`;
}
