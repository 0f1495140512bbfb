import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Output } from "./output.ts";

/** What arrives of a file that is copied to stdout in two pieces. */
async function shown(file: string, isTTY: boolean): Promise<string> {
  const out = Object.assign(new PassThrough(), { isTTY });
  const output = new Output({ isJson: false, out: out as never, err: out as never });
  const bytes = Buffer.from(file);
  // The cut lies within a character.
  await output.bytes(bytes.subarray(0, 4));
  await output.bytes(bytes.subarray(4));
  return String(out.read());
}

const file = "abcä\u001b]0;title\u0007\u009b31m\r\n";

test("a terminal obeys nothing in a file's bytes", async () => {
  expect(await shown(file, true)).toBe("abcä\u241b]0;title\u2407\ufffd31m\n");
});

test("a pipe gets a file's bytes as they are", async () => {
  expect(await shown(file, false)).toBe(file);
});
