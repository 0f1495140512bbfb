// @module-tag slow
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ApiClient } from "../api-client.ts";
import { piecesOf } from "./copy-files.ts";

const content = "0123456789";

/** Breaks off the first answer in the middle; then stumbles, and answers as `status` says. */
async function download(status: 200 | 206, begin: number, stumbles = 0): Promise<string> {
  let stumbled = 0;
  const server = createServer((request, response) => {
    const headers = { etag: '"1"', "content-length": content.length };
    if (request.headers.range === undefined) {
      response.writeHead(200, headers).write(content.slice(0, 5), () => response.destroy());
      return;
    }
    stumbled += 1;
    if (stumbled <= stumbles) {
      if (stumbled % 2 === 1) request.socket.destroy();
      else response.writeHead(503, { "retry-after": "1" }).end("{}");
      return;
    }
    const rest = content.slice(begin);
    const range = `bytes ${begin}-9/10`;
    response.writeHead(status, { "content-range": range, "content-length": rest.length }).end(rest);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = { apiUrl, apiKey: null, source: "test", urlSource: "test" };
  const client = new ApiClient(origin, () => undefined);
  let text = "";
  const { signal } = new AbortController();
  for await (const piece of piecesOf(client, { path: "/a", signal })) {
    text += Buffer.from(piece).toString();
  }
  return text;
}

test("a download that broke off goes on where it was", async () => {
  expect(await download(206, 5)).toBe(content);
});

test("a download goes on although nothing answers at first, or a refusal that passes", async () => {
  expect(await download(206, 5, 2)).toBe(content);
});

test.each([
  [200, 0],
  [200, 5],
  [206, 0],
] as const)("what answers %i from byte %i isn't added to it", async (status, begin) => {
  await expect(download(status, begin)).rejects.toThrow("doesn't go on with it");
});
