// @module-tag slow
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { ApiClient } from "../api-client.ts";
import { sendChunks, uploadLarge } from "./large-upload.ts";

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

test("a session that refuses the file isn't taken for the same file again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "paddock-sessions-"));
  vi.stubEnv("XDG_STATE_HOME", folder);
  const begun: string[] = [];
  const server = createServer((request, response) => {
    const { method, url = "" } = request;
    request.resume().once("end", () => {
      if (method === "PUT") return void response.writeHead(410).end();
      begun.push(url);
      const { port } = server.address() as AddressInfo;
      const at = `http://127.0.0.1:${port}`;
      if (url === "/begin") return void response.writeHead(201, { location: `${at}/s` }).end();
      const signed = { url: `${at}/begin`, method: "POST", headers: {} };
      const upload = { id: "upload_a", state: "open", request: signed };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ upload }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.close();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const { port } = server.address() as AddressInfo;
  const origin = { apiUrl: `http://127.0.0.1:${port}`, apiKey: "k", source: "s", urlSource: "s" };
  const client = new ApiClient(origin, () => undefined);
  for (const time of [1, 2]) {
    const sending = uploadLarge(client, { ...file(), environmentId: "env_a", path: "a" });
    await expect(sending).rejects.toThrow("Cloud Storage refused the file (410); copy it again.");
    expect(begun).toHaveLength(2 * time);
  }
  expect(readdirSync(join(folder, "paddock", "uploads"))).toEqual([]);
});
