import { expect, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";
import { ToolOutput } from "./tool-output.ts";

test.each([63_000, 64_000, 65_000])("what isn't shown is said to be missing: %i", (length) => {
  let shown = "";
  const emit = (item: object) => {
    shown += "content" in item ? String(item.content) : "";
  };
  const output = new ToolOutput({ emit, redactor: () => new Redactor(planRedaction([])) }, "a");
  for (const piece of ["x".repeat(length), "y".repeat(2_000), "z"])
    output.write(Buffer.from(piece));
  output.end();
  expect(shown.split("[The rest isn't shown.]")).toHaveLength(2);
});
