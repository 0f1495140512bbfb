// @module-tag slow
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { sendChunks } from "./large-upload.ts";

/** A session that says after each piece how much of the file it has. */
async function session(rangeAfter: (pieces: number) => string | null): Promise<string> {
  let pieces = 0;
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      pieces += Number(!request.headers["content-range"]?.startsWith("bytes */"));
      const range = rangeAfter(pieces);
      response.writeHead(308, range === null ? {} : { range }).end();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/session`;
}

const file = () => ({ blob: new Blob(["0123456789"]), signal: new AbortController().signal });

test("an upload of which nothing is kept ends", async () => {
  const url = await session(() => null);
  const sending = sendChunks(url, file(), () => undefined, 1);
  await expect(sending).rejects.toThrow("Cloud Storage keeps nothing of the file.");
});

test("an upload goes on from what was kept of a piece", async () => {
  const reported: number[] = [];
  const url = await session((pieces) => (pieces === 0 ? null : `bytes=0-${5 * pieces - 1}`));
  await sendChunks(url, file(), (received) => void reported.push(received), 1);
  expect(reported).toEqual([0, 5]);
});
