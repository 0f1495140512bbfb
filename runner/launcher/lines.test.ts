import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { linesOf } from "./lines.ts";

async function all(stream: Readable): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(stream)) lines.push(line);
  return lines;
}

describe("linesOf()", () => {
  test("cuts at line ends alone, however the text comes in pieces", async () => {
    const bytes = Buffer.from('{"a":"ä😀"}\n\nlast');
    const pieces = [...bytes].map((byte) => Buffer.from([byte]));
    expect(await all(Readable.from(pieces, { objectMode: false }))).toEqual([
      '{"a":"ä😀"}',
      "",
      "last",
    ]);
  });

  // A killed supervisor breaks the connection, which isn't an error of the launcher.
  test("ends where the stream breaks, without half a line", async () => {
    const stream = new PassThrough();
    const lines = all(stream);
    stream.write("whole\nha");
    setImmediate(() => stream.destroy(new Error("reset")));
    expect(await lines).toEqual(["whole"]);
  });

  test("keeps what was said before anybody listened", async () => {
    const stream = new PassThrough();
    stream.end("early\n");
    const lines = linesOf(stream);
    await new Promise((resolve) => setImmediate(resolve));
    expect((await lines.next()).value).toBe("early");
    expect((await lines.next()).done).toBe(true);
  });
});
