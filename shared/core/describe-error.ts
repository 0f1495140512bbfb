/**
 * Describes an error for logs: its class, its code, where it was thrown, and its message only if we
 * wrote it. Other messages may quote values: Node quotes a variable that it refused, V8 the JSON
 * that it couldn't parse, a database the document that it didn't take.
 */
import { Fault } from "./fault.ts";

const causesMax = 4;
const issuesMax = 5;
const framesMax = 12;
const className = /^[A-Za-z$_][\w$]{0,60}$/;
/** Node's codes, such as `ENOENT` or `ERR_INVALID_ARG_VALUE`; gRPC and HTTP use numbers. */
const codeForm = /^[A-Z][A-Z0-9_]{1,60}$/;
const wordForm = /^[A-Za-z][\w-]{0,40}$/;
/**
 * A stack frame as V8 writes it: a function's name, and a file of ours, of a package or of Node.
 */
const frameForm = /^ {4}at [^()\n]{0,120}?\(?(?:file:\/\/|node:|\/)[^\s()]{1,300}:\d+:\d+\)?$/;
const builtInForm = /^ {4}at [\w. ]{1,60} \((?:<anonymous>|index \d+)\)$/;

/** One line about an error and its causes, without any value. */
export function describeError(error: unknown): string {
  const told: string[] = [];
  let current = error;
  while (current instanceof Error && told.length < causesMax) {
    told.push(describeOne(current));
    current = current.cause;
  }
  return told.length === 0 ? "something that isn't an error" : told.join("; caused by ");
}

/** The same, followed by the place where each error was thrown. */
export function describeWithStack(error: unknown): string {
  const frames: string[] = [];
  let current = error;
  for (let depth = 0; current instanceof Error && depth < causesMax; depth += 1) {
    frames.push(...framesOf(current));
    current = current.cause;
  }
  return [describeError(error), ...frames].join("\n");
}

function describeOne(error: Error): string {
  if (error instanceof Fault) {
    return error.name === "Fault" ? error.message : `${error.name}: ${error.message}`;
  }
  const name = className.test(error.name) ? error.name : "Error";
  return [name, ...codesOf(error), ...issuesOf(error)].join(" ");
}

function codesOf(error: Error): string[] {
  return ["code", "status", "syscall"].flatMap((field) => {
    const value: unknown = Reflect.get(error, field);
    if (Number.isSafeInteger(value)) return [`${field} ${value}`];
    if (typeof value !== "string") return [];
    return (field === "syscall" ? wordForm : codeForm).test(value) ? [value] : [];
  });
}

/**
 * What a schema found wrong, by field; deeper names are left out because a user may have chosen
 * them.
 */
function issuesOf(error: Error): string[] {
  const issues: unknown = Reflect.get(error, "issues");
  if (!Array.isArray(issues)) return [];
  const shown = issues.slice(0, issuesMax).map((issue: unknown) => {
    const { code, path } = Object(issue);
    const [field] = Array.isArray(path) ? path : [];
    const named = typeof field === "string" && wordForm.test(field) ? field : "the whole";
    return `${wordForm.test(String(code)) ? code : "wrong"} at ${named}`;
  });
  return [`(${issues.length}: ${shown.join(", ")})`];
}

/** Reads frames from the end, because a message may contain lines that look like frames. */
function framesOf({ stack = "", message }: Error): string[] {
  const lines = stack.replace(message, () => "").split("\n");
  const end = lines.findLastIndex((line) => !frameForm.test(line) && !builtInForm.test(line));
  return lines.slice(end + 1, end + 1 + framesMax);
}
