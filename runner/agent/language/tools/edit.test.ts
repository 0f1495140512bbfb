import { expect, test } from "vitest";
import { toInitBytesMax } from "../../../init/messages.ts";
import { edit } from "./edit.ts";
import type { ToolContext } from "./tool.ts";

/** Edits a file of that content, and tells how long the frame to the sandbox was. */
async function frameOf(content: string, input: object): Promise<number | string> {
  const file = Buffer.from(content);
  let length = 0;
  const sandbox: ToolContext["sandbox"] = async (call, onOutput) => {
    if (call.do === "read") onOutput(file);
    if (call.do === "write") length = call.base64.length;
    const end = { id: 1, end: "done", status: 0, folder: null, what: "file", code: null } as const;
    return { ...end, sizeBytes: file.length };
  };
  const context = { sandbox } as ToolContext;
  try {
    await edit.run({ path: "a", replace_all: true, ...input }, context);
    return length;
  } catch (error) {
    return String(Object(error).sentence);
  }
}

test.each([
  ["a hundred megabytes", "a ".repeat(100_000), "-".repeat(1_000)],
  ["more than a text may have", "a ".repeat(1_000_000), "-".repeat(1_000)],
])("MOD-5 an edit that would make %s is refused with a sentence", async (_what, content, text) => {
  const said = await frameOf(content, { old_text: " ", new_text: text });
  expect(said).toBe("a would become too long for this tool; use bash.");
});

test("what is shorter than a file may be is written", async () => {
  const input = { old_text: " ", new_text: "é".repeat(10) };
  expect(await frameOf("a ".repeat(100_000), input)).toBeLessThan(toInitBytesMax);
  expect(await frameOf("a ".repeat(1_000_000), { old_text: " ", new_text: "" })).toBe(1_333_336);
});
