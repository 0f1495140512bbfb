/** How a function ends connections: a refused client can read the reason, however it sends. */
import { once } from "node:events";
import type { Server } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { exchangeBytes } from "../../test/kit/raw-upstream.ts";
import { statusOf, writeEverythingFirst } from "../../test/kit/rude-client.ts";
import { ApiError } from "../errors/api-error.ts";
import { createFunctionServer, type Deadlines } from "./function-server.ts";
import { readBytes } from "./parse.ts";
import { asRefusal, sendError, sendJson } from "./respond.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close().closeAllConnections();
});

interface Refusing {
  readonly port: number;
  /** Resolves when the answer is written, and Node has closed what it will. */
  readonly answered: () => Promise<unknown>;
  readonly targets: string[];
}

/** A function that refuses every body: at once, or after reading too much. */
async function refusing(limits?: Deadlines): Promise<Refusing> {
  const targets: string[] = [];
  const written = Promise.withResolvers<void>();
  const server = createFunctionServer((request, response) => {
    targets.push(request.url ?? "");
    request.socket.once("finish", () => setImmediate(() => setImmediate(written.resolve)));
    if (request.method === "GET") return sendJson(response, { status: 200, body: {} });
    const refuse = (error: unknown) => sendError(response, asRefusal(error));
    // Reads until it is too much, and leaves the rest unread.
    if (request.url === "/read") return void readBytes(request, 1_000).catch(refuse);
    const isStranger = request.url === "/stranger";
    refuse(new ApiError(isStranger ? "UNAUTHORIZED" : "PAYLOAD_TOO_LARGE"));
  }, limits);
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: Object(server.address()).port, answered: () => written.promise, targets };
}

const head = (framing: string, path = "/x") =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`;
const megabyte = "x".repeat(1_000_000);

describe("a refused body", () => {
  test.each([
    ["of a length", head("Content-Length: 3000000"), megabyte],
    ["half read", head("Transfer-Encoding: chunked", "/read"), `f4240\r\n${megabyte}\r\n`],
    ["in chunks", head("Transfer-Encoding: chunked"), `f4240\r\n${megabyte}\r\n`],
    [
      "that its client waited to be asked for",
      head("Expect: 100-continue\r\nContent-Length: 3000000"),
      megabyte,
    ],
    ["that is short", head("Connection: close\r\nContent-Length: 3000"), "x".repeat(1_000)],
    ["that isn't HTTP", "POST /x HTTP/1.1\nHost: a\n\n", megabyte],
    ["behind a bad chunk", `${head("Transfer-Encoding: chunked")}zz\r\n`, megabyte],
  ])(
    "%s: a client that writes it all before it reads gets its answer",
    async (_what, start, part) => {
      const { port, answered } = await refusing();
      const isRefusedByHead = start.endsWith("\r\n\r\n") && !start.includes("/read");
      const parts = [start, part, part, part];
      const seen = await writeEverythingFirst(port, parts, isRefusedByHead ? answered : undefined);
      expect(seen.error).toBeNull();
      expect([400, 413]).toContain(statusOf(seen));
      expect(seen.text).toContain('"code":');
    },
  );

  test("is cut if it never ends", async () => {
    const { port, answered } = await refusing();
    const part = "x".repeat(8_000_000);
    const parts = [head("Content-Length: 900000000"), ...Array<string>(100).fill(part)];
    const seen = await writeEverythingFirst(port, parts, answered);
    expect(seen.error).toMatch(/EPIPE|ECONNRESET/);
  });

  test("of a stranger is taken in no further than a proxy sends it unasked", async () => {
    const { port } = await refusing();
    const parts = [
      head("Content-Length: 9000000", "/stranger"),
      ...Array<string>(9).fill(megabyte),
    ];
    const seen = await writeEverythingFirst(port, parts);
    expect(seen.error).toMatch(/EPIPE|ECONNRESET/);
    const few = [
      head("Connection: close\r\nContent-Length: 60000", "/stranger"),
      "x".repeat(60_000),
    ];
    expect(statusOf(await writeEverythingFirst(port, few))).toBe(401);
  });

  test("isn't followed by a second request made from its client's bytes", async () => {
    const { port, targets } = await refusing();
    const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    const body = "x".repeat(70_000);
    const answer = await exchangeBytes(
      connect(port, "127.0.0.1").on("error", () => undefined),
      head("Content-Length: 70000") + body + hidden,
    );
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(targets).toEqual(["/x"]);
  });

  test("that is short leaves the connection for the next request", async () => {
    const { port, targets } = await refusing();
    const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const answer = await exchangeBytes(
      connect(port, "127.0.0.1").on("error", () => undefined),
      `${head("Content-Length: 3")}abc${next}`,
    );
    expect(answer.match(/HTTP\/1\.1 (413|200)/g)).toHaveLength(2);
    expect(targets).toEqual(["/x", "/next"]);
  });
});

describe("deadlines", () => {
  const short = { headersMsMax: 50, requestMsMax: 100 };

  test.each([
    ["headers", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "],
    ["a body", head("Content-Length: 10")],
  ])("for %s are kept when they are said, with an answer in our own form", async (what, bytes) => {
    const { port } = await refusing(what === "headers" ? short : { ...short, headersMsMax: 60 });
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    socket.write(bytes);
    const answer = await text(socket);
    const status = what === "headers" ? 408 : 413;
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer).toContain("nosniff");
    expect(answer).toContain(status === 408 ? '"code":"REQUEST_TIMEOUT"' : "PAYLOAD_TOO_LARGE");
  });
});

describe("a method that no parser knows", () => {
  test.each([
    ["FOO", "FOO /x HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["in small letters", "get /x HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["that begins as another", "GETX /x HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("is 501 with those that there are: %s", async (_, bytes) => {
    const { port } = await refusing();
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    const answer = await exchangeBytes(socket, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 501 /);
    expect(answer).toContain("allow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n");
    expect(answer).toContain('"code":"NOT_OFFERED"');
    expect(answer).toContain("No path takes that method");
  });

  test.each([
    ["a greeting of TLS", "\u0016\u0003\u0001\u0002\r\n\r\n"],
    ["JSON", '{"a": 1}\r\n\r\n'],
    ["a line without a version", "FOO\r\n\r\n"],
    ["a name that no method can have", "F(O /x HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("isn't what is wrong with %s", async (_, bytes) => {
    const { port } = await refusing();
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    const answer = await exchangeBytes(socket, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain("isn't valid HTTP/1.1");
  });
});
