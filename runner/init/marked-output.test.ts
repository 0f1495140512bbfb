import { expect, test } from "vitest";
import { MarkedOutput } from "./marked-output.ts";

const mark = "\u001eabc 7\u001e";

test("a command's output ends at its mark, in whatever pieces it comes", () => {
  const stream = Buffer.from(`out\u001e abd \u001eput${mark}later`);
  for (let size = 1; size <= stream.length; size += 1) {
    const marked = new MarkedOutput("abc");
    const seen = { output: "", later: "", status: [] as number[] };
    for (let start = 0; start < stream.length; start += size) {
      const piece = stream.subarray(start, start + size);
      if (seen.status.length > 0) {
        seen.later += piece.toString();
        continue;
      }
      const { output, later, status } = marked.read(piece);
      seen.output += output.toString();
      seen.later += later.toString();
      if (status !== null) seen.status.push(status);
    }
    expect(seen).toEqual({ output: "out\u001e abd \u001eput", later: "later", status: [7] });
  }
});

test("output that can't begin the mark isn't held back", () => {
  const marked = new MarkedOutput("abc");
  expect(marked.read(Buffer.from("ready> ")).output.toString()).toBe("ready> ");
  expect(marked.read(Buffer.from("\u001eab")).output.toString()).toBe("");
  expect(marked.rest().toString()).toBe("\u001eab");
});
