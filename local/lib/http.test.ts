import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { type HttpServer, readText, startHttpServer } from "./http.ts";

let server: HttpServer | undefined;
afterEach(() => server?.close());

it("prints nothing about a caller that leaves before its complete request was read", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const ended = Promise.withResolvers<unknown>();
  server = await startHttpServer(async (request) => {
    // The body arrives completely, and its sender goes, before anybody reads it.
    await vi.waitUntil(() => request.complete, 20_000);
    socket.resetAndDestroy();
    await new Promise((resolve) => request.once("close", resolve));
    await readText(request, 10).finally(() => setImmediate(ended.resolve));
  });
  const socket = connect(server.port, "127.0.0.1").on("error", () => {});
  const host = `Host: 127.0.0.1:${server.port}`;
  socket.write(`POST / HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\n\r\n{}`);
  await ended.promise;
  expect(printed.mock.calls).toEqual([]);
});

it("prints a failure of its own", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  server = await startHttpServer(() => Promise.reject(new Error("broken")));
  const response = await fetch(server.url);
  expect(response.status).toBe(500);
  expect(String(printed.mock.calls[0]?.[1])).toBe("Error: broken");
});

it.each([
  ["a name of its own", { host: "page.example" }, 403],
  ["a form", { origin: "https://page.example", "sec-fetch-site": "cross-site" }, 403],
  ["an old browser", { origin: "null" }, 403],
  ["an image", { "sec-fetch-site": "cross-site" }, 403],
  ["another port of this machine", { "sec-fetch-site": "same-site" }, 403],
  ["an address line", { "sec-fetch-site": "none" }, 200],
  ["another client", {}, 200],
])("answers no web page: %s", async (_what, headers: Record<string, string>, status) => {
  let calls = 0;
  server = await startHttpServer((_request, response) => {
    calls += 1;
    response.end();
  });
  // What needs no preflight.
  const plain = { host: `127.0.0.1:${server.port}`, "content-type": "text/plain", ...headers };
  const sent = request({ port: server.port, method: "POST", headers: plain, agent: false });
  const [answer] = await once(sent.end("text"), "response");
  answer.resume();
  expect([answer.statusCode, calls]).toEqual([status, status === 200 ? 1 : 0]);
});
