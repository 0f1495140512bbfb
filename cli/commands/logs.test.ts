// @module-tag slow

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { ApiClient } from "../api-client.ts";
import { Output } from "../output.ts";
import { logs } from "./logs.ts";

const said = (number: number, content: string) => {
  const item = { type: "text", content };
  const event = { type: "response.item.completed", item };
  return `id: run_a.${number}\ndata: ${JSON.stringify(event)}\n\n`;
};
const run = { id: "run_a", threadId: "thread_a", status: "success" };
const ended = `id: run_a.3\ndata: ${JSON.stringify({ type: "stream.completed", run })}\n\n`;

test("the logs of what has ended are all printed, though a stream ends at its limits", async () => {
  const server = createServer(({ url, headers }, response) => {
    if (url === "/v1/executions/run_a") return response.end('{"status":"success"}');
    if (headers["last-event-id"] === undefined) return response.end(said(1, "first\n"));
    return response.end(said(2, "last\n") + ended);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = { apiUrl, apiKey: null, source: "test", urlSource: "test" };
  const client = new ApiClient(origin, () => undefined);
  const out = new PassThrough();
  const [stdout, err] = [out as never, new PassThrough().resume() as never];
  const output = new Output({ isJson: false, out: stdout, err });
  const context = {
    client: async () => client,
    arg: () => "run_a",
    options: { flag: () => false },
  };
  const { signal } = new AbortController();
  await logs({ ...context, output, signal } as never);
  out.end();
  expect(await text(out)).toBe("first\nlast\n");
});
