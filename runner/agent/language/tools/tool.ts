/** What the loop needs of a tool, and what a tool may use. */
import type { FileChange } from "#shared/protocol/item";
import type { CallEnded } from "../../../init/messages.ts";
import type { LanguageTools } from "../../model.ts";
import type { ImagePart, TextPart, ToolSpec } from "../conversation.ts";

export interface ToolOutcome {
  /** What the model reads; the loop marks it as data. */
  readonly content: readonly (TextPart | ImagePart)[];
  readonly isError: boolean;
  /** What the stream shows, in a few words. */
  readonly summary: string;
  readonly fileChanges?: readonly FileChange[];
}

/**
 * What a tool shortens it redacts before: what is left of a secret that was cut isn't recognised.
 */
export interface ToolContext extends Pick<LanguageTools, "emit" | "remainingMs" | "redact"> {
  /** @throws {ToolError} If the sandbox has ended. */
  sandbox(...call: Parameters<LanguageTools["sandbox"]>): Promise<CallEnded>;
  /** Streams output while it is written. */
  onOutput(bytes: Uint8Array): void;
  /** All output of this call so far, without secrets, shortened in the middle. */
  output(): string;
  readonly canSee: boolean;
}

export type ToolInput = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly spec: ToolSpec;
  /** @throws {ToolError} With a sentence for the model. */
  run(input: ToolInput, context: ToolContext): Promise<ToolOutcome>;
}

/** Kept of the execution's time for a last answer. */
const lastWordsMs = 10_000;

/** How long a call may take that may take `wantedMs`. */
export function callTimeMs(wantedMs: number, { remainingMs }: Pick<ToolContext, "remainingMs">) {
  return Math.max(1_000, Math.min(wantedMs, remainingMs() - lastWordsMs));
}

/** A sentence that tells the model what to do differently. */
export class ToolError extends Error {
  override readonly name = "ToolError";
  readonly sentence: string;

  constructor(sentence: string) {
    super(sentence);
    this.sentence = sentence;
  }
}

/**
 * The sentence of a tool's own error; null for any other. Its name counts and not its class,
 * because modules that are bundled apart from each other have a class each.
 */
export function toolSentence(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== "ToolError") return null;
  return "sentence" in error && typeof error.sentence === "string" ? error.sentence : null;
}

export function ok(text: string, summary: string): ToolOutcome {
  return { content: [{ type: "text", text }], isError: false, summary };
}

/** A line as a tool shows it: if it is longer than `lengthMax`, one sees that it goes on. */
export function shortened(line: string, lengthMax: number): string {
  return line.length > lengthMax ? `${line.slice(0, lengthMax).toWellFormed()}…` : line;
}

/** @throws {ToolError} If it is missing or no text. */
export function requiredText(input: ToolInput, name: string): string {
  const value = input[name];
  if (typeof value === "string") return value;
  throw new ToolError(`The argument \`${name}\` is missing or isn't text.`);
}

/** The kernel takes no longer one. What the sandbox shortens would be listed as it is. */
const pathLengthMax = 4_096;

/** @throws {ToolError} If it is missing, no text or too long. */
export function requiredPath(input: ToolInput, name = "path"): string {
  const path = requiredText(input, name);
  if (path.length <= pathLengthMax) return path;
  throw new ToolError(`The argument \`${name}\` is longer than any path.`);
}

export function optionalText(input: ToolInput, name: string): string | null {
  const value = input[name];
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return value;
  throw new ToolError(`The argument \`${name}\` isn't text.`);
}

/** Numbers may come as text, which some models write. */
export function optionalNumber(input: ToolInput, name: string): number | null {
  const value = input[name];
  if (value === undefined || value === null || value === "") return null;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return Math.trunc(number);
  throw new ToolError(`The argument \`${name}\` isn't a number.`);
}

export function flag(input: ToolInput, name: string): boolean {
  const value = input[name];
  return value === true || value === "true";
}

const reasons = new Map([
  ["ENOENT", "it doesn't exist"],
  ["EACCES", "permission is denied"],
  ["EPERM", "permission is denied"],
  ["EISDIR", "it is a folder"],
  ["ENOTDIR", "a part of its path isn't a folder"],
  ["EEXIST", "it exists already"],
  ["ENOTSUP", "it is neither a file nor a folder"],
  ["ELOOP", "it is a link that leads nowhere, or in a circle"],
  ["EROFS", "it is in a read-only place; write below /workspace or /tmp"],
  ["ENOSPC", "the disk is full"],
  ["EDQUOT", "the disk is full"],
  ["EFBIG", "it would be larger than a file may be"],
  ["ENAMETOOLONG", "its name is too long"],
  ["EMFILE", "too many files are open"],
]);

export function fileError(what: string, path: string, code: string | null): ToolError {
  const why = reasons.get(code ?? "") ?? `the system says ${code ?? "nothing"}`;
  return new ToolError(`${what} ${path} failed: ${why}.`);
}

/** The path from the workspace, which is how changes are listed. */
export function workspacePath(path: string): string {
  const trimmed = path.replace(/^\/workspace\/+/, "").replace(/^(?:\.\/)+/, "");
  return trimmed === "" ? "." : trimmed;
}
