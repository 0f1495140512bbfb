/**
 * A promise that is made, and awaited only after something else was: if that fails, nobody handles
 * what this one fails with, and Node ends the process for it. Promises that run beside each other
 * are awaited together.
 */
import { isProduct } from "./import-rules.ts";
import {
  type Finding,
  isNode,
  nameOf,
  type SourceFile,
  type SyntaxNode,
  walk,
} from "./source-file.ts";

const message =
  "it is awaited only after something else, whose failure would leave its own unhandled: " +
  "await both together";

export function findLateAwaits({ path, body, lineOf }: SourceFile): Finding[] {
  if (!isProduct(path)) return [];
  const findings: Finding[] = [];
  walk(body, (node, parents) => {
    const name = declaredCall(node);
    const scope = parents.findLast(isFunction);
    if (name === null || !scope) return;
    const uses = usesOf(name, scope).filter(({ start }) => start > node.end);
    const awaited = uses.find(({ use }) => use === "awaited");
    if (!awaited || uses.some(({ use }) => use === "handled")) return;
    if (hasAwaitBetween(scope, node.end, awaited.start)) {
      findings.push({ path, line: lineOf(node.start), message });
    }
  });
  return findings;
}

const racing =
  "which failure is answered depends on which is quicker: use allInOrder of shared/errors instead";

/** `Promise.all` in what answers a request: two refusals would race for the answer. */
export function findRacingFailures({ path, body, lineOf }: SourceFile): Finding[] {
  if (!isProduct(path) || !/^(functions|shared)\//.test(path)) return [];
  const findings: Finding[] = [];
  walk(body, ({ type, callee, start }) => {
    if (type !== "CallExpression" || !isNode(callee) || callee.type !== "MemberExpression") return;
    if (nameOf(callee.object) === "Promise" && nameOf(callee.property) === "all") {
      findings.push({ path, line: lineOf(start), message: racing });
    }
  });
  return findings;
}

const hasty = "the default bound is a second, which a busy machine exceeds: say one";

/** A wait for a condition that says no bound. */
export function findHastyWaits({ path, body, lineOf }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  walk(body, ({ type, callee, arguments: given, start }) => {
    if (type !== "CallExpression" || !isNode(callee) || callee.type !== "MemberExpression") return;
    const { object, property } = callee;
    const isWait =
      (nameOf(object) === "vi" &&
        (nameOf(property) === "waitFor" || nameOf(property) === "waitUntil")) ||
      (nameOf(object) === "expect" && nameOf(property) === "poll");
    if (isWait && Array.isArray(given) && given.length < 2) {
      findings.push({ path, line: lineOf(start), message: hasty });
    }
  });
  return findings;
}

/** The name of a variable that holds what a call returned, which wasn't awaited. */
function declaredCall({ type, id, init }: SyntaxNode): string | null {
  if (type !== "VariableDeclarator" || !isNode(id) || id.type !== "Identifier") return null;
  if (!isNode(init)) return null;
  const branches = init.type === "ConditionalExpression" ? [init.consequent, init.alternate] : [];
  const isCall = [init, ...branches].some(
    (one) => isNode(one) && one.type === "CallExpression" && !neverFails(one),
  );
  return isCall ? String(id.name) : null;
}

function neverFails({ type, callee }: SyntaxNode): boolean {
  if (type !== "CallExpression" || !isNode(callee) || callee.type !== "MemberExpression") {
    return false;
  }
  return nameOf(callee.property) === "catch" || nameOf(callee.property) === "allSettled";
}

function usesOf(name: string, scope: SyntaxNode) {
  const uses: { readonly use: "awaited" | "handled"; readonly start: number }[] = [];
  walk(scope, (node) => {
    const { type, argument, object, property, start } = node;
    if (type === "AwaitExpression" && nameOf(argument) === name)
      uses.push({ use: "awaited", start });
    if (type !== "MemberExpression" || nameOf(object) !== name) return;
    if (nameOf(property) === "catch" || nameOf(property) === "then") {
      uses.push({ use: "handled", start });
    }
  });
  return uses;
}

/** Looks at the function itself: what waits in a callback doesn't hold this one up. */
function hasAwaitBetween(scope: SyntaxNode, from: number, to: number): boolean {
  let found = false;
  walk(scope, (node, parents) => {
    const { type, argument, start } = node;
    if (type !== "AwaitExpression" || start <= from || start >= to) return;
    if (isNode(argument) && neverFails(argument)) return;
    found ||= parents.findLast(isFunction) === scope;
  });
  return found;
}

function isFunction({ type }: SyntaxNode): boolean {
  return /^(ArrowFunctionExpression|FunctionExpression|FunctionDeclaration)$/.test(type);
}
