// @module-tag slow
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ApiClient } from "../api-client.ts";
import { exportAudit } from "./audit.ts";

/** Exports over an earlier export, which anybody may read. */
async function exportOver(whole: boolean) {
  const server = createServer((_request, response) => {
    if (whole) response.end("all of it\n");
    else response.write("the first rows\n", () => response.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const folder = await mkdtemp(join(tmpdir(), "export-"));
  onTestFinished(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const file = join(folder, "audit.ndjson");
  await writeFile(file, "an earlier export\n");
  await chmod(file, 0o644);
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = { apiUrl, apiKey: null, source: "test", urlSource: "test" };
  const client = new ApiClient(origin, () => undefined);
  const output = { done: () => undefined };
  const { signal } = new AbortController();
  const context = { client: async () => client, arg: () => file, output, signal };
  const error: unknown = await exportAudit(context as never).catch((failure: unknown) => failure);
  const names = await readdir(folder);
  return {
    error,
    names,
    text: await readFile(file, "utf8"),
    mode: (await stat(file)).mode & 0o777,
  };
}

test("a trail that breaks off replaces none that was exported before", async () => {
  const { error, names, text } = await exportOver(false);
  expect(error).toMatchObject({ name: "ConnectionLost" });
  expect({ names, text }).toEqual({ names: ["audit.ndjson"], text: "an earlier export\n" });
});

test("a trail is its owner's alone to read, also where others might read the one before", async () => {
  const { error, text, mode } = await exportOver(true);
  expect({ error, text, mode }).toEqual({ error: undefined, text: "all of it\n", mode: 0o600 });
});
