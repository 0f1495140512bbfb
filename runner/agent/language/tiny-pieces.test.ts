/** What strangers send in pieces of a byte each, which take a hundred bytes beside their own. */
import { randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { httpServer, messageRoom } from "../../../test/kit/mcp-servers.ts";
import { fetchByPolicy } from "../../egress/fetch-by-policy.ts";
import { HiddenLook } from "../../egress/hidden-look.ts";
import { StdioTransport } from "./mcp/stdio-transport.ts";
import { readBytes } from "./tools/sandbox-files.ts";
import { search } from "./tools/search.ts";
import type { ToolContext } from "./tools/tool.ts";

const count = 20_000;
const text = "x".repeat(count);
const bytesOf = (all: string) => [...Buffer.from(all)].map((byte) => Buffer.of(byte));
/** The longest list of pieces that is held; with it, the memory for them is bounded. */
const heldMax = 400;

/** How many pieces were held at once. */
function watchHeld() {
  const concat = vi.spyOn(Buffer, "concat");
  return () => Math.max(0, ...concat.mock.calls.map(([list]) => list.length));
}

/** A sandbox that answers each call with these pieces. */
function sandboxOf(pieces: readonly Buffer[]): ToolContext {
  const end = { id: 1, end: "done", status: 0, folder: null, what: "file", code: null };
  const sandbox: ToolContext["sandbox"] = async (_call, onOutput) => {
    for (const piece of pieces) onOutput(piece);
    return { ...end, sizeBytes: pieces.length } as never;
  };
  return { sandbox, redact: (said: string) => said } as ToolContext;
}

/** A program whose output is what the test says. */
async function program(lineBytesMax: number) {
  const { hold, heldBytes } = messageRoom(lineBytesMax);
  const said: unknown[] = [];
  let say: (bytes: Uint8Array) => void = () => undefined;
  const start: ConstructorParameters<typeof StdioTransport>[0] = (onOutput) => {
    say = onOutput;
    return { write: () => undefined, ended: new Promise(() => undefined) };
  };
  const transport = new StdioTransport(start, () => true, hold);
  transport.onmessage = (message) => said.push(message);
  await transport.start();
  return {
    transport,
    said,
    heldBytes,
    say: (all: string) => bytesOf(all).forEach((piece) => void say(piece)),
  };
}

describe("MOD-5 of what comes in very small pieces few are held at once:", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("a line of a program", async () => {
    const held = watchHeld();
    const { said, say, heldBytes } = await program(2 * count);
    const message = { jsonrpc: "2.0", method: `é€😀${text}` };
    say(`\n${JSON.stringify(message)}\n\n${JSON.stringify(message)}\n`);
    expect(said).toEqual([message, message]);
    expect(heldBytes()).toBe(0);
    expect(held()).toBeLessThan(heldMax);
    expect(held()).toBeGreaterThan(10);
  });

  test("a line that is too long ends its program", async () => {
    const { transport, say, heldBytes } = await program(100);
    say(text);
    expect(heldBytes()).toBe(0);
    expect(transport.ended).toBe("It sent too much.");
  });

  test("a file, and what a search finds", async () => {
    const held = watchHeld();
    const { bytes } = await readBytes(sandboxOf(bytesOf(text)), "a.txt", count);
    expect(bytes.toString()).toBe(text);
    const found = await search.run({ pattern: "x" }, sandboxOf(bytesOf(`a:1:${text}\n`)));
    expect(JSON.stringify(found)).toContain("a:1:xxx");
    expect(held()).toBeLessThan(heldMax);
  });

  test("a compressed block of a host's answer", async () => {
    const held = watchHeld();
    const look = new HiddenLook(planRedaction([{ key: "KEY", value: "a-secret-value" }], "bytes"));
    const block = zstdCompressSync(randomBytes(2_000));
    for (const byte of block) await look.at(Buffer.of(byte));
    look.close();
    expect(held()).toBeLessThan(heldMax);
    expect(held()).toBeGreaterThan(200);
  });

  test.each([
    ["application/json", `"${text}"`],
    ["text/event-stream", `data: ${text}\n\n`],
  ])("an answer of %s", async (contentType, said) => {
    const { reach, close } = await httpServer((_request, response) => {
      response.writeHead(200, { "content-type": contentType });
      for (const piece of bytesOf(said)) response.write(piece);
      response.end();
    });
    onTestFinished(close);
    const answer = await fetchByPolicy(reach, 10 * count)("http://a.example/");
    const pieces: Uint8Array[] = [];
    for await (const piece of answer.body ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(said);
    expect(pieces.length).toBeLessThan(5);
  });
});

test("an event is told when its line ends, and not when the stream does", async () => {
  const { reach, close } = await httpServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1");
    response.write("\n\n");
  });
  onTestFinished(close);
  const { body } = await fetchByPolicy(reach, count)("http://a.example/");
  const { value } = (await body?.getReader().read()) ?? {};
  expect(Buffer.from(value ?? []).toString()).toBe("data: 1\n\n");
});
