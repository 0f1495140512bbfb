import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { useLoopbackServers } from "../../test/kit/loopback-servers.ts";
import { callHttp, UnansweredError } from "./http-call.ts";

const { listen, closeAll } = useLoopbackServers();

async function serverWith(handle: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(handle)}/`;
}

const call = (url: string, changed: Partial<Parameters<typeof callHttp>[0]> = {}) =>
  callHttp({
    method: "GET",
    url,
    headers: {},
    timeoutMs: 5_000,
    replyBytesMax: 1_000,
    ...changed,
  });

describe("callHttp()", () => {
  test("sends bytes as they are, with their length, and reads the answer", async () => {
    const url = await serverWith(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { method, headers } = request;
      const heard = [method, headers["content-length"], headers["x-a"], Buffer.concat(chunks)];
      response.writeHead(201).end(heard.join(" "));
    });
    const body = new Uint8Array([120, 121, 122]).subarray(1);
    const reply = await call(url, { method: "PUT", headers: { "x-a": "b" }, body });
    expect(reply).toEqual({ status: 201, body: Buffer.from("PUT 2 b yz") });
  });

  test("returns a redirect as an answer", async () => {
    const url = await serverWith((request, response) => {
      if (request.url === "/elsewhere") response.end("followed");
      else response.writeHead(307, { location: "/elsewhere" }).end();
    });
    expect(await call(url)).toMatchObject({ status: 307 });
  });

  test("reads no more than it may", async () => {
    const url = await serverWith((_request, response) => response.end(Buffer.alloc(1_001)));
    await expect(call(url)).rejects.toThrow("too large");
  });

  test.each<[string, number, RequestListener]>([
    ["breaks before the answer", 5_000, (request) => request.socket.destroy()],
    [
      "breaks inside the answer",
      5_000,
      (request, response) => {
        response.writeHead(200, { "content-length": 10 }).write("half");
        setImmediate(() => request.socket.destroy());
      },
    ],
    ["says nothing in time", 50, () => undefined],
    [
      "stops inside the answer",
      50,
      (_request, response) => void response.writeHead(200).write("a"),
    ],
  ])("is unanswered when the server %s", async (_what, timeoutMs, handle) => {
    const failed = await call(await serverWith(handle), { timeoutMs }).catch(String);
    expect(failed).toContain(UnansweredError.name);
  });

  test("is unanswered when nobody listens", async () => {
    const url = await serverWith(() => undefined);
    closeAll();
    await expect(call(url)).rejects.toThrow(UnansweredError);
  });

  test("speaks plain HTTP and HTTPS, and nothing else", async () => {
    await expect(call("ftp://127.0.0.1/")).rejects.toThrow("Protocol");
  });
});
