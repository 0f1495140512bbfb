/** What a check of the preflight gives. */
import type { GoogleApi, GoogleRefusal } from "../google/api.ts";
import type { Credentials } from "../google/token.ts";
import type { DeployOptions } from "../options.ts";

/**
 * `blocks`: the deployment would fail, so nothing is begun. `note`: to know, or what the deployment
 * will do about it. `unchecked`: nobody could look; the deployment finds out.
 */
export interface Finding {
  readonly kind: "blocks" | "note" | "unchecked";
  /** One sentence. */
  readonly what: string;
  /** The exact commands, or a page, that put it right. */
  readonly fix?: readonly string[];
}

export interface CheckResult {
  readonly subject: string;
  /** What was found to be well, in a few words; empty if nothing was. */
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
}

/** For checks that ask Google. */
export interface GoogleAt extends PreflightAt {
  readonly google: GoogleApi;
  /** Whose credentials these are, as IAM writes it; a placeholder if Google doesn't say. */
  readonly member: string;
}

export const blocks = (what: string, ...fix: string[]): Finding => ({ kind: "blocks", what, fix });
export const note = (what: string, ...fix: string[]): Finding => ({ kind: "note", what, fix });
export const unchecked = (what: string, ...fix: string[]): Finding => ({
  kind: "unchecked",
  what,
  fix,
});

/** How a check of `subject` says what it has seen. */
export function lookedAt(subject: string): (found: string, ...findings: Finding[]) => CheckResult {
  return (found, ...findings) => ({ subject, found, findings });
}

/** Why Google didn't say. A service that is off is something else than a right that is missing. */
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
