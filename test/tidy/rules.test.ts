/** Each rule of the tidy test catches what it is there for. */
import { describe, expect, test } from "vitest";
import { findLateAwaits, findRacingFailures } from "./await-rules.ts";
import { subjectFault } from "./commit-rules.ts";
import { findDisguisedExports } from "./export-rules.ts";
import { findForbiddenImports, findImportCircles } from "./import-rules.ts";
import { findLanguageFaults } from "./language-rules.ts";
import { findProcessLines } from "./process-lines.ts";
import { findImpurities } from "./purity-rules.ts";
import { findSlowExpressions } from "./regexp-rules.ts";
import { findShapeFaults } from "./shape-rules.ts";
import { type Finding, parseSource, type SourceFile } from "./source-file.ts";

const lines = (text: string, count: number) => `${text}\n`.repeat(count);
const messages = (
  rule: (source: SourceFile) => readonly Finding[],
  [path, text]: readonly [string, string],
) => rule(parseSource(path, text)).map(({ line, message }) => `${line}: ${message}`);

describe("findForbiddenImports()", () => {
  test.each([
    ["functions/keys/a.ts", `import { b } from "../billing/b.ts";`],
    ["functions/keys/a.ts", `import { Firestore } from "@google-cloud/firestore";`],
    ["functions/keys/a.ts", `const kms = await import("@google-cloud/kms");`],
    ["functions/keys/a.ts", `import { start } from "../../local/start.ts";`],
    ["runner/supervisor.ts", `import { Store } from "#shared/store/store";`],
    ["runner/supervisor.ts", `import { credentials } from "@grpc/grpc-js";`],
    ["shared/core/a.ts", `import { Store } from "../store/store.ts";`],
    ["shared/pipeline/a.ts", `import { http } from "@google-cloud/functions-framework";`],
    ["shared/store/a.ts", `import { serve } from "#shared/pipeline/serve";`],
    ["shared/contract/a.ts", `import type { Agent } from "../store/agents.ts";`],
    ["shared/answers/a.ts", `import { Store } from "../pipeline/route.ts";`],
    ["shared/store/a.ts", `import { agentBody } from "../answers/agent-body.ts";`],
    ["shared/store/a.ts", `import { Storage } from "@google-cloud/storage";`],
    ["shared/owners/a.ts", `import { serve } from "../pipeline/serve.ts";`],
    ["shared/google/a.ts", `import { x } from "../../runner/x.ts";`],
    ["shared/store/a.ts", `import { hash } from "#shared/core/hash";`],
    ["functions/keys/a.ts", `import { hash } from "../../shared/core/hash.ts";`],
    ["test/kit/a.ts", `import { hash } from "../../shared/core/hash.ts";`],
    ["bench/a.ts", `import { host } from "../test/sandbox/support/host.ts";`],
    ["test/kit/a.ts", `import { host } from "../sandbox/support/host.ts";`],
    ["test/kit/a.ts", `let hash: typeof import("../../shared/core/hash.ts");`],
    ["cli/commands/a.ts", `import { scopes } from "#shared/core/keys/scopes";`],
    [
      "functions/files/a.ts",
      `import { encodeSteps } from "#shared/core/workspace/manifest-bytes";`,
    ],
    ["shared/quotas/a.ts", `import { mergeSteps } from "../core/workspace/merge-manifests.ts";`],
  ])("refuses in %s: %s", (path, text) => {
    expect(messages(findForbiddenImports, [path, text])).toHaveLength(1);
  });

  test.each([
    ["functions/keys/a.ts", `import { query } from "#shared/pipeline/route";`],
    ["runner/supervisor.ts", `import { Limits } from "#shared/protocol/runner";`],
    ["shared/pipeline/a.ts", `import { hold } from "../budget/hold.ts";`],
    ["shared/store/a.ts", `import type { Owner } from "../identity/owner.ts";`],
    ["shared/store/a.ts", `import { reasoningEfforts } from "../contract/agent.ts";`],
    ["shared/store/a.ts", `import { Firestore } from "@google-cloud/firestore";`],
    ["runner/a.ts", `import { parseManifest } from "#shared/core/workspace/manifest-bytes";`],
    ["shared/core/a.test.ts", `import fc from "fast-check";`],
    ["local/kms/a.ts", `import { Server } from "@grpc/grpc-js";`],
    ["bench/a.ts", `import { host } from "../test/kit/sandbox/host.ts";`],
    ["local/kms/a.test.ts", `import { edgeTo } from "../../test/conformance/edge-kit.ts";`],
  ])("allows in %s: %s", (path, text) => {
    expect(messages(findForbiddenImports, [path, text])).toEqual([]);
  });
});

test("findImportCircles() reports each circle once, and counts imports of types", () => {
  const a = parseSource("shared/a.ts", `import { b } from "./b.ts";`);
  const back = parseSource("shared/b.ts", `import { a } from "./a.ts";`);
  const backByType = parseSource("shared/b.ts", `import type { A } from "./a.ts";`);
  const backByTypeof = parseSource("shared/b.ts", `let a: typeof import("./a.ts").a;`);
  expect(findImportCircles([a, back]).map(({ message }) => message)).toEqual([
    "modules import each other: shared/a.ts → shared/b.ts → shared/a.ts",
  ]);
  expect(findImportCircles([a, backByType])).toHaveLength(1);
  expect(findImportCircles([a, backByTypeof])).toHaveLength(1);
});

describe("findDisguisedExports()", () => {
  test.each([
    `import { a } from "./b.ts"; export const x = a;`,
    `import type { A } from "./b.ts"; export type X = A;`,
    `import { a } from "#shared/b"; export { a };`,
    `import { a } from "#shared/b"; export { a as x };`,
  ])("refuses %s", (text) => {
    expect(messages(findDisguisedExports, ["local/a.ts", text])).toHaveLength(1);
  });

  test.each([
    `import { a } from "./b.ts"; export const x = a + 1;`,
    `import { a } from "./b.ts"; export const x = a();`,
    `import type { A } from "./b.ts"; export type X = A<string>;`,
    `import type { Timestamp } from "@google-cloud/firestore"; export type X = Timestamp;`,
    `const a = 1; export { a };`,
  ])("allows %s", (text) => {
    expect(messages(findDisguisedExports, ["local/a.ts", text])).toEqual([]);
  });
});

describe("findLateAwaits()", () => {
  const inside = (text: string) => ["functions/billing/a.ts", `async () => {\n${text}\n}`] as const;

  test.each([
    "const days = ofEach(all); return { whole: await sum(), days: await days };",
    "const begun = isModel ? none : begunIn(span); const spent = await spentIn(span); await begun;",
    "const late = read(); if (more) await other(); return await late;",
  ])("finds one that another's failure leaves unhandled: %s", (text) => {
    expect(messages(findLateAwaits, inside(text))).toHaveLength(1);
  });

  test.each([
    "const days = await ofEach(all); return { whole: await sum(), days };",
    "const [whole, days] = await Promise.all([sum(), ofEach(all)]);",
    "const early = begin(); early.catch(() => {}); await confirmed; return await early;",
    "const days = ofEach(all); await days; await sum();",
    "const both = Promise.allSettled([act()]); await wait(); await both;",
    "const ending = stopped.then(end); const outcome = await work().catch(failure); await ending;",
    "const act = later(async () => await other()); await act;",
  ])("lets pass: %s", (text) => {
    expect(messages(findLateAwaits, inside(text))).toEqual([]);
  });
});

describe("findRacingFailures()", () => {
  test.each([
    ["functions/billing/a.ts", "Promise.all([find(), require()])", 1],
    ["shared/store/a.ts", "Promise.all(list.map(read))", 1],
    ["functions/billing/a.ts", "allInOrder([find(), require()])", 0],
    ["functions/billing/a.ts", "Promise.allSettled([find(), require()])", 0],
    ["functions/billing/a.test.ts", "Promise.all([find(), require()])", 0],
    ["local/cloud.ts", "Promise.all([find(), require()])", 0],
  ])("in %s: %s", (path, text, count) => {
    expect(messages(findRacingFailures, [path, `const [a] = await ${text};`])).toHaveLength(count);
  });
});

test("findProcessLines() finds a line of the whole process, and lets pass one of a request", () => {
  const found = (text: string) => messages(findProcessLines, ["shared/store/a.ts", text]);
  expect(found("const atOnce = pLimit(4);")).toHaveLength(1);
  expect(found("class A { readonly turn = pLimit(1); }")).toHaveLength(1);
  expect(found("function ask() { const atOnce = pLimit(8); return atOnce(read); }")).toEqual([]);
});

describe("findSlowExpressions()", () => {
  test.each([
    ["shared/http/a.ts", "const blanks = text.replace(/^ +| +$/g, '');"],
    ["runner/init/a.ts", "for (const form of [/a+b/]) form.test(text);"],
    ["functions/keys/a.ts", "z.string().regex(new RegExp(text));"],
    ["local/edge/a.ts", "RegExp(prefix, 'i').test(url);"],
  ])("refuses in %s: %s", (path, text) => {
    expect(messages(findSlowExpressions, [path, text])).toHaveLength(1);
  });

  test.each([
    ["shared/http/a.ts", "const parts = text.split(/ +/);"],
    ["shared/http/a.test.ts", "text.replace(/ +$/, '');"],
    ["scripts/docs.ts", "text.replace(/ +$/, '');"],
  ])("allows in %s: %s", (path, text) => {
    expect(messages(findSlowExpressions, [path, text])).toEqual([]);
  });
});

describe("findImpurities()", () => {
  test.each([
    ["shared/core/a.ts", "const now = Date.now();"],
    ["shared/core/a.ts", "const now = new Date();"],
    ["shared/core/a.ts", "const x = Math.random();"],
    ["shared/core/a.ts", `import { readFileSync } from "node:fs";`],
    ["shared/core/a.ts", `import { randomBytes } from "node:crypto";`],
    ["shared/core/a.ts", "export async function f() {}"],
    ["shared/core/a.ts", "setTimeout(f, 1);"],
    ["functions/keys/a.ts", "const now = Date.now();"],
    ["shared/store/a.ts", "const home = process.env.HOME;"],
    ["runner/supervisor/a.ts", "const why = error.message;"],
    ["shared/pipeline/a.ts", "log(cause.stack);"],
  ])("refuses in %s: %s", (path, text) => {
    expect(messages(findImpurities, [path, text])).toHaveLength(1);
  });

  test.each([
    ["shared/core/a.ts", `import { createHash } from "node:crypto"; const d = new Date(now);`],
    ["shared/config.ts", "const all = process.env;"],
    ["shared/pipeline/deps.ts", "const now = Date.now;"],
    ["local/edge/a.ts", "const home = process.env.HOME;"],
    ["shared/core/describe-error.ts", "const text = error.message;"],
    ["functions/threads/a.ts", "const text = refusal.message;"],
    ["shared/core/a.test.ts", "const now = Date.now();"],
  ])("allows in %s: %s", (path, text) => {
    expect(messages(findImpurities, [path, text])).toEqual([]);
  });
});

describe("findShapeFaults()", () => {
  test.each([
    ["shared/a.ts", lines("a();", 301), "1: file of 301 lines: at most 300"],
    ["shared/a.ts", `function f() {\n${lines("a();", 69)}}`, "1: function of 71 lines: at most 70"],
    ["shared/a.ts", `\nconst a = b as any;`, "2: `any` switches the types off"],
    ["shared/a.ts", "const a = b as unknown as C;", "1: `as … as` switches the types off"],
    ["shared/a.ts", `export * from "./b.ts";`, "1: no barrels: import the module you mean"],
    ["shared/a.ts", `export { b } from "./b.ts";`, "1: no barrels: import the module you mean"],
    ["shared/a.ts", "// @ts-ignore\na();", "1: a type error is fixed, not silenced"],
    ["shared/a.ts", "// @ts-expect-error\na();", "1: only a test may expect a type error"],
    [
      "shared/a.ts",
      `// ${"TO"}DO: more`,
      "1: unfinished work belongs in an issue, not in a comment",
    ],
    ["shared/a.ts", `/**\n * ${"x".repeat(98)}\n */`, "2: line of 101 columns: at most 100"],
    ["shared/aB.ts", "a();", "1: file names are kebab-case"],
  ])("refuses in %s: %j", (path, text, expected) => {
    expect(messages(findShapeFaults, [path, text])).toEqual([expected]);
  });

  test("leaves a long group of tests alone, but not a long test", () => {
    const group = `describe("x", () => {\n${lines("a();", 80)}});`;
    const long = `test("x", () => {\n${lines("a();", 80)}});`;
    expect(messages(findShapeFaults, ["a.test.ts", group])).toEqual([]);
    expect(messages(findShapeFaults, ["a.test.ts", long])).toHaveLength(1);
  });
});

describe("findLanguageFaults()", () => {
  test.each([
    ["/** Of the edge; a free one unless it is given. */\nlet port = 0;", "opens with a fragment"],
    ["/** Whose count it is: unique among all limits. */\nlet name = 0;", "opens with a fragment"],
    ["// For whom it is kept, as long as it lasts.\na();", "opens with a fragment"],
    ["/** Under which id a key is counted. */\nlet id = 0;", "opens with a fragment"],
    ["a(); // Between SIGTERM and SIGKILL.", "opens with a fragment"],
    ["/**\n * By the promise.\n */\nlet id = 0;", "opens with a fragment"],
    ["function f(of: string) {}", "a parameter isn't called `of`"],
    ["const f = (a: number, by = 1) => a + by;", "a parameter isn't called `by`"],
    ["type F = (at: number) => void;", "a parameter isn't called `at`"],
    ["const f = (...on: string[]) => on;", "a parameter isn't called `on`"],
    ["class C { constructor(private to: string) {} }", "a parameter isn't called `to`"],
    [`// ${"Who"}ever asks is told.\na();`, `"who${"ever"}": say who`],
    [`test("begins a${"new"}", run);`, `"a${"new"}": write \`again\``],
  ])("refuses %j", (text, expected) => {
    expect(messages(findLanguageFaults, ["shared/a.ts", text])).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  test.each([
    "/** Edge port. Defaults to a free port. */\nlet port = 0;",
    "// For each name, the newest entry is the one that counts.\na();",
    "// Without bundles there is nothing to serve.\na();",
    "// The range is half open,\n// of which the last one is left out.\na();",
    "const copy = (from: string, to: string) => from + to;",
    "for (const one of all) one();",
  ])("allows %j", (text) => {
    expect(messages(findLanguageFaults, ["shared/a.ts", text])).toEqual([]);
  });
});

describe("subjectFault()", () => {
  test.each([
    "budget refuses to overdraw",
    "budget: refuses to overdraw",
    "budget: fixed the overdraft",
    "tests: four lanes, and more",
    "Budget: refuse to overdraw",
    "budget: Refuse to overdraw",
    `budget: refuse ${"x".repeat(58)}`,
  ])("refuses %j", (subject) => {
    expect(subjectFault(subject)).not.toBeNull();
  });

  test.each([
    "budget: refuse to overdraw",
    "test/kit: pass what a child prints",
    "keys, owners: seed each account once",
    `budget: refuse ${"x".repeat(57)}`,
  ])("allows %j", (subject) => {
    expect(subjectFault(subject)).toBeNull();
  });
});
