/** What tools say of files and programs that they can't see or run wholly. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { CallEnded } from "../../../init/messages.ts";
import type { ToolContext, ToolOutcome } from "./tool.ts";
import { agentTools } from "./tools.ts";

interface Inside {
  readonly what?: "folder";
  readonly file?: Buffer;
  readonly sizeBytes?: number;
  readonly search?: Partial<CallEnded>;
}

async function run(name: string, input: object, { what, file, sizeBytes, search }: Inside) {
  const none = {
    id: 1,
    status: 0,
    folder: null,
    what: what ?? ("file" as const),
    code: null,
    sizeBytes: null,
  };
  const end = { ...none, end: "done" } as const;
  const sandbox: ToolContext["sandbox"] = async (call, onOutput) => {
    if (call.do === "exec" && file !== undefined) onOutput(file);
    if (call.do === "exec") return { ...end, ...search };
    if (call.do === "read" && file !== undefined) onOutput(file.subarray(0, call.bytesMax));
    return { ...end, sizeBytes: sizeBytes ?? file?.length ?? 0 };
  };
  const redact = (text: string) => text;
  const known: Partial<ToolContext> = { sandbox, canSee: true, redact, emit: () => undefined };
  const context = known as ToolContext;
  const tool = agentTools.find(({ spec }) => spec.name === name);
  const failed = (error: unknown) => String(Object(error).sentence);
  return (await tool?.run({ path: "a", ...input }, context).catch(failed)) ?? "no such tool";
}

const shown = (outcome: ToolOutcome | string) =>
  typeof outcome === "string" ? outcome : JSON.stringify(outcome.content);

test("a large file of one line isn't taken for an empty one", async () => {
  const file = Buffer.from("é".repeat(2_000_000));
  const outcome = shown(await run("view", {}, { file }));
  expect(outcome).toContain("éééé");
  expect(outcome).toContain("lines 1 to 1 of more than 1");
  expect(outcome).not.toContain("empty");
});

test("a line beyond what is seen of a large file isn't said not to be there", async () => {
  const file = Buffer.from("a line\n".repeat(10));
  const [input, all] = [{ first_line: 11 }, { file, sizeBytes: 8_000_000 }];
  expect(shown(await run("view", input, all))).toContain("more can't be seen");
  expect(shown(await run("view", input, { file }))).toBe("The file has 10 lines.");
});

test("a part of a large file isn't compared with what replaces the whole", async () => {
  const content = "a line\n".repeat(60_000);
  const outcome = await run("create", { content }, { file: Buffer.from(content) });
  const none = { additions: 0, deletions: 0 };
  expect(outcome).toMatchObject({ fileChanges: [none] });
});

test.each([2, 137, null])(
  "a search that was broken off hasn't found nothing: %s",
  async (status) => {
    const outcome = await run("search", { pattern: "a" }, { search: { status } });
    expect(shown(outcome)).toBe("The search was broken off; narrow it.");
    expect(shown(await run("search", { pattern: "a" }, { search: { status: 1 } }))).toContain(
      "Nothing matches.",
    );
  },
);

test.each(["create", "edit", "view"])("a path of megabytes is refused: %s", async (name) => {
  const path = `/workspace/${"/".repeat(1_000_000)}a`;
  const input = { path, content: "a", old_text: "a", new_text: "b" };
  const outcome = await run(name, input, { file: Buffer.from("a") });
  expect(outcome).toBe("The argument `path` is longer than any path.");
});

test("the lines that a text is most like are cut", async () => {
  const file = Buffer.from(`${"x".repeat(1_000_000)}\nthe second line\n`);
  const input = { old_text: `y${"x".repeat(999_990)}\nthe second line`, new_text: "" };
  const outcome = await run("edit", input, { file });
  expect(shown(outcome)).toContain("most like it");
  expect(shown(outcome).length).toBeLessThan(1_000);
});

test.each([
  [2, "2 names"],
  [3, "the first 2 names"],
])("a folder of %i names isn't taken for one of 2", async (sizeBytes, summary) => {
  const outcome = await run(
    "view",
    {},
    { what: "folder", file: Buffer.from("a\nb/\n"), sizeBytes },
  );
  expect(outcome).toMatchObject({ summary });
  expect(shown(outcome).includes("There are more")).toBe(sizeBytes > 2);
});

test("a file has as many hits as are shown, and one more where there are others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "paddock-search-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "a"), "hit\n".repeat(300));
  let given: readonly string[] = [];
  const sandbox: ToolContext["sandbox"] = async (call, onOutput) => {
    if (call.do !== "exec" || call.program !== "grep") return { end: "failed" } as CallEnded;
    given = call.arguments;
    onOutput(execFileSync("grep", [...given], { cwd: folder }));
    return { end: "done", status: 0 } as CallEnded;
  };
  const context = { sandbox, canSee: true, redact: (text: string) => text } as ToolContext;
  const search = agentTools.find(({ spec }) => spec.name === "search");
  const outcome = await search?.run({ pattern: "hit" }, context);
  expect(outcome).toMatchObject({ summary: "250 lines" });
  expect(shown(outcome ?? "")).toContain("There are more");
});

test("a hit whose line is cut isn't taken for a whole line", async () => {
  const file = Buffer.from(`a:1:${"x".repeat(296)}\nb:1:${"x".repeat(297)}\n`);
  const outcome = shown(await run("search", { pattern: "x" }, { file }));
  expect(outcome).toContain(`a:1:${"x".repeat(296)}\\nb:1:${"x".repeat(296)}…`);
});

test("a plan of more steps than are kept isn't taken for noted", async () => {
  const steps = (count: number) => ({ steps: Array.from({ length: count }, () => "a step") });
  expect(shown(await run("plan", steps(50), {}))).toContain("Noted.");
  expect(shown(await run("plan", steps(51), {}))).toContain("Only the first 50 steps");
});
