/** How bodies and streams pass the local edge, and what happens when a side goes away. */
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { Edge } from "../../local/edge/server.ts";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { at, echo, edgeBefore, edgeTo, expectOurs, get, portOf, upstream } from "./edge-kit.ts";

describe("bodies", () => {
  const upload = (edge: Edge, headers: Record<string, string>) =>
    httpRequest({
      host: "127.0.0.1",
      port: edge.port,
      path: "/v1/things",
      method: "POST",
      headers,
    });

  test("announced over the limit are refused before they are sent", async () => {
    const edge = await edgeBefore(echo);
    const length = String(32 * 1024 * 1024 + 1);
    const request = upload(edge, { "content-length": length, expect: "100-continue" });
    let asked = false;
    request.on("continue", () => (asked = true));
    request.flushHeaders();
    const [answer] = await once(request, "response");
    expect(answer.statusCode).toBe(413);
    expectOurs(answer.headers);
    expect(asked).toBe(false);
    request.destroy();
  });

  test("that turn out over the limit are cut off", async () => {
    const edge = await edgeBefore(echo, { bodyBytesMax: 100_000 });
    const request = upload(edge, {});
    request.on("error", () => undefined);
    request.write("x".repeat(60_000));
    request.write("x".repeat(60_000));
    const [answer] = await once(request, "response");
    expect(answer.statusCode).toBe(413);
    request.destroy();
  });

  test("are asked for and passed on when they will be read", async () => {
    const edge = await edgeBefore(echo);
    const request = upload(edge, { "content-length": "5", expect: "100-continue" });
    request.flushHeaders();
    await once(request, "continue");
    const [answer] = await once(request.end("hello"), "response");
    expect(JSON.parse(await text(answer))).toMatchObject({ body: "hello" });
  });

  test("of unknown length pass, and a DELETE without one has none", async () => {
    const edge = await edgeBefore(echo);
    const request = upload(edge, {});
    request.write("a");
    const [answer] = await once(request.end("b"), "response");
    expect(JSON.parse(await text(answer))).toMatchObject({ body: "ab" });
    const none = await get(edge, "/v1/things/1", { method: "DELETE" });
    expect(none.body.body).toBe("");
    expect(none.body.headers).not.toHaveProperty("transfer-encoding");
  });

  // Forwarded without framing, this body would be read as the connection's next request.
  test("of a DELETE in chunks keep their framing", async () => {
    const edge = await edgeBefore(echo);
    const request = httpRequest({
      host: "127.0.0.1",
      port: edge.port,
      path: "/v1/things/1",
      method: "DELETE",
      headers: { "transfer-encoding": "chunked" },
    });
    const [answer] = await once(request.end("DELETE /v1/things/2 HTTP/1.1"), "response");
    expect(JSON.parse(await text(answer))).toMatchObject({ body: "DELETE /v1/things/2 HTTP/1.1" });
  });

  // A forged key is answered before its body is read; that answer must not get lost.
  test("an answer that comes before the body has been taken reaches the client", async () => {
    const server = await upstream(() => undefined);
    server.on("checkContinue", (_, response) => {
      response.writeHead(401, { connection: "close" });
      response.end('"no"');
    });
    const edge = await edgeTo(() => portOf(server));
    const statuses = new Set<number>();
    for (let round = 0; round < 20; round += 1) {
      const length = 8 * 1024 * 1024;
      const request = upload(edge, { "content-length": String(length) });
      request.on("error", () => undefined);
      request.end(Buffer.alloc(length));
      const [answer] = await once(request, "response");
      statuses.add(answer.statusCode);
      request.destroy();
    }
    expect([...statuses]).toEqual([401]);
  });
});

describe("streams", () => {
  test("arrive as they are written, and end upstream when the client leaves", async () => {
    let closed = false;
    const edge = await edgeBefore((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: 1\n\n");
      response.once("close", () => (closed = true));
    });
    const gone = new AbortController();
    const answer = await fetch(at(edge, "/v1/things/1"), { signal: gone.signal });
    const first = await answer.body?.getReader().read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe("data: 1\n\n");
    expect(closed).toBe(false);
    gone.abort();
    expect(await pollUntil(() => closed, 60_000)).toBe(true);
  });

  test("that nobody waits for any more end upstream before their first byte", async () => {
    let state = "";
    const edge = await edgeBefore((_, response) => {
      state = "asked";
      response.once("close", () => {
        state = "closed";
      });
    });
    const gone = new AbortController();
    const answer = fetch(at(edge, "/v1/things/1"), { signal: gone.signal }).catch(() => "gone");
    expect(await pollUntil(() => state === "asked", 60_000)).toBe(true);
    gone.abort();
    expect(await answer).toBe("gone");
    expect(await pollUntil(() => state === "closed", 60_000)).toBe(true);
  });

  test("wait for a slow reader instead of filling memory", async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1024);
    const total = 64 * 1024 * 1024;
    const edge = await edgeBefore(async (_, response) => {
      for (; written < total && !response.destroyed; written += chunk.length) {
        if (!response.write(chunk)) await once(response, "drain");
      }
      response.end();
    });
    const request = httpRequest({ host: "127.0.0.1", port: edge.port, path: "/v1/things/1" }).end();
    const [answer] = await once(request, "response");
    let before = -1;
    const stalled = () => {
      const same = written === before;
      before = written;
      return same && written > 0;
    };
    expect(await pollUntil(stalled, 60_000)).toBe(true);
    expect(written).toBeLessThan(total / 2);
    let read = 0;
    for await (const part of answer) read += part.length;
    expect(read).toBe(total);
  });

  test("are cut at the balancer's limit", async () => {
    const edge = await edgeBefore((_, response) => void response.write("x"), {
      exchangeMsMax: 200,
    });
    const answer = await fetch(at(edge, "/v1/things/1"));
    await expect(answer.text()).rejects.toThrow();
  });

  test("that break off upstream don't look complete", async () => {
    const edge = await edgeBefore((_, response) => {
      response.write("half", () => response.destroy());
    });
    const answer = await fetch(at(edge, "/v1/things/1"));
    await expect(answer.text()).rejects.toThrow();
  });
});

describe("a function that is down", () => {
  test.each([
    ["not there", () => null],
    ["not listening", () => 1],
  ])("%s answers 503 with Retry-After", async (_, port) => {
    const edge = await edgeTo(port);
    const answer = await get(edge, "/v1/things/1");
    expect(answer).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
    expect(answer.headers["retry-after"]).toBe("1");
    expectOurs(answer.headers);
  });

  test("hanging up without an answer is a 503 too, and the edge lives on", async () => {
    const edge = await edgeBefore((request) => void request.socket.destroy());
    expect((await get(edge, "/v1/things/1")).status).toBe(503);
    expect((await get(edge, "/v1/things/1")).status).toBe(503);
  });
});
