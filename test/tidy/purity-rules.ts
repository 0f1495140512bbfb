/** Decides where time, randomness, the environment, waiting and errors' messages may be used. */
import { isProduct } from "./import-rules.ts";
import { type Finding, isNode, type SourceFile, type SyntaxNode, walk } from "./source-file.ts";

/**
 * The only files that read the environment; the rest gets settings. The runner's programs pass
 * theirs to a pure reader; `init` proves that its own is empty.
 */
const readsEnvironment =
  /^(shared\/config|runner\/(launcher|supervisor)\/main|runner\/init\/.*)\.ts$/;
const isCore = (path: string) => path.startsWith("shared/core/");
/** Takes time and randomness from `deps`, so that a test can decide them. */
const isDecided = (path: string) => isCore(path) || path.startsWith("functions/");

const pureNodeModules = ["node:buffer", "node:crypto", "node:util"];
const chance = ["randomBytes", "randomUUID", "randomInt", "getRandomValues", "webcrypto"];
const impureGlobals = ["fetch", "setTimeout", "setInterval", "setImmediate", "queueMicrotask"];
const clockAndChance = ["Date.now", "Math.random", "performance.now", "crypto.randomUUID"];

/**
 * The message of an error that we didn't write may contain private values, so one module reads it.
 */
const tellsOfErrors = /^(shared\/core\/describe-error|shared\/errors\/api-error)\.ts$/;
/** Errors of connections to strangers; they are redacted before the sandbox sees them. */
const tellsRedacted = /^runner\/egress\/bound-exchange\.ts$/;
const caughtNames = ["error", "err", "cause", "failure", "failed", "reason", "exception", "thrown"];

export function findImpurities(source: SourceFile): Finding[] {
  if (!isProduct(source.path)) return [];
  const findings = isCore(source.path) ? impureImports(source) : [];
  walk(source.body, (node, parents) => {
    const message = impurity(source.path, node, parents);
    if (message !== null) findings.push(at(source, node, message));
  });
  return findings;
}

function impureImports({ path, imports }: SourceFile): Finding[] {
  return imports.flatMap(({ target, names, line }) => {
    const impure = target.startsWith("node:") && !pureNodeModules.includes(target);
    const random = target === "node:crypto" ? names.filter((name) => chance.includes(name)) : [];
    if (!impure && random.length === 0) return [];
    const what = impure ? target : random.join(", ");
    return [{ path, line, message: `core is pure: it can't use ${what}` }];
  });
}

function impurity(path: string, node: SyntaxNode, parents: readonly SyntaxNode[]): string | null {
  const member = memberName(node);
  if (member === "process.env" && !readsEnvironment.test(path)) {
    return "settings come from shared/config.ts, or from the runner's programs";
  }
  const [caught = "", said = ""] = member.split(".");
  if (caughtNames.includes(caught) && ["message", "stack"].includes(said)) {
    const isTold = tellsOfErrors.test(path) || tellsRedacted.test(path);
    return isTold ? null : "what is said of an error comes from shared/core/describe-error.ts";
  }
  if (isDecided(path)) {
    if (clockAndChance.includes(member)) return `${member} comes from deps`;
    if (isNewDate(node)) return "the current time comes from deps";
  }
  if (!isCore(path)) return null;
  if (node.type === "AwaitExpression" || node.async === true) return "core is pure: it never waits";
  const callee = parents.at(-1)?.type === "CallExpression" && parents.at(-1)?.callee === node;
  if (callee && node.type === "Identifier" && impureGlobals.includes(String(node.name))) {
    return `core is pure: it can't use ${node.name}`;
  }
  return null;
}

/** `a.b`, else an empty string. */
function memberName(node: SyntaxNode): string {
  if (node.type !== "MemberExpression") return "";
  const { object, property } = node;
  if (!isNode(object) || !isNode(property)) return "";
  return `${object.name}.${property.name}`;
}

function isNewDate(node: SyntaxNode): boolean {
  const { type, callee, arguments: args } = node;
  if (type !== "NewExpression" || !isNode(callee) || callee.name !== "Date") return false;
  return Array.isArray(args) && args.length === 0;
}

function at(source: SourceFile, node: SyntaxNode, message: string): Finding {
  return { path: source.path, line: source.lineOf(node.start), message };
}
