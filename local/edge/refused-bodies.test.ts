/**
 * A refused client can read the reason through the edge, however it sends and whatever refuses it.
 */
import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { ApiError } from "#shared/errors/api-error";
import { createFunctionServer } from "#shared/pipeline/function-server";
import { readBytes } from "#shared/pipeline/parse";
import { asRefusal, sendError } from "#shared/pipeline/respond";
import { edgeTo, get } from "../../test/conformance/edge-kit.ts";
import { statusOf, writeEverythingFirst } from "../../test/kit/rude-client.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** A function that takes bodies of up to 1,000 bytes, and refuses others as early as it can. */
async function edgeBeforeFunction(bodyBytesMax = 200_000) {
  const server = createFunctionServer((request, response, expected) => {
    const refuse = (error: unknown) => sendError(response, asRefusal(error));
    if (Number(request.headers["content-length"] ?? 0) > 1_000) {
      return refuse(new ApiError("PAYLOAD_TOO_LARGE"));
    }
    expected();
    readBytes(request, 1_000).then((bytes) => response.end(String(bytes.length)), refuse);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  open.push({ close: () => server.close().closeAllConnections() });
  return await edgeTo(() => Object(server.address()).port, { bodyBytesMax });
}

/** Gives the edge, which runs in this process, time to answer and close. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const head = (framing: string) =>
  `POST /v1/things HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${framing}\r\n\r\n`;
const piece = "x".repeat(60_000);
const chunk = `ea60\r\n${piece}\r\n`;

describe("a body that is too large", () => {
  test.each([
    ["for the edge, by its length", [head("Content-Length: 600000"), ...Array(10).fill(piece)]],
    ["for the edge, in chunks", [head("Transfer-Encoding: chunked"), ...Array(10).fill(chunk)]],
    ["for the function, in one piece", [head("Content-Length: 60000"), piece]],
    ["for the function, asked for first", [head("Content-Length: 120000"), piece, piece]],
    [
      "for the function, in chunks",
      [head("Transfer-Encoding: chunked"), chunk, chunk, "0\r\n\r\n"],
    ],
    [
      "for a client that was told to wait",
      [head("Expect: 100-continue\r\nContent-Length: 120000"), piece, piece],
    ],
  ])("%s is a 413 to a client that writes it all before it reads", async (_what, parts) => {
    const edge = await edgeBeforeFunction();
    const seen = await writeEverythingFirst(edge.port, parts, turns);
    expect([seen.error, statusOf(seen)]).toEqual([null, 413]);
    expect(seen.text).toContain('"code":"PAYLOAD_TOO_LARGE"');
  });

  test("leaves the edge's connection for the next request where it was short", async () => {
    const edge = await edgeBeforeFunction();
    const first = `POST /v1/things HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\n${piece}`;
    const next = `${head("Content-Length: 3")}abc`;
    const { text } = await writeEverythingFirst(edge.port, [first, next]);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
  });
});

describe("a function that ends connections", () => {
  // A kept connection may be closed by the function just as it is used again, and the request is
  // lost.
  test("is asked for each request on one of its own", async () => {
    const requests: number[] = [];
    const server = createTcpServer((socket) => {
      const index = requests.push(0) - 1;
      socket.on("error", () => undefined);
      socket.on("data", () => {
        requests[index] = (requests[index] ?? 0) + 1;
        // Acts as if it had closed already when the second request came.
        if (requests[index] > 1) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n""');
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    open.push(server);
    const edge = await edgeTo(() => Object(server.address()).port);
    for (let count = 0; count < 3; count += 1) {
      expect((await get(edge, "/v1/things/1")).status).toBe(200);
    }
    expect(requests).toEqual([1, 1, 1]);
  });
});
