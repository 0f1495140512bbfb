/** An upload whose answer is lost, through Google's own client: what the product makes of it. */
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { newOwner } from "#shared/owners/act-on-owner";
import { StorageKit } from "./storage-kit.ts";

const kit = new StorageKit();
let lostMax = 0;

/** Passes everything on; of the next uploads it carries out, and answers that it is away. */
const between = createServer(async (incoming, answer) => {
  const { method, url = "", headers } = incoming;
  const body = await buffer(incoming);
  const passed = request(new URL(url, kit.server.url), { method, headers }, async (answered) => {
    const bytes = await buffer(answered);
    const isLost = method === "POST" && lostMax > 0;
    if (isLost) lostMax -= 1;
    answer.writeHead(isLost ? 503 : (answered.statusCode ?? 500), isLost ? {} : answered.headers);
    answer.end(isLost ? "" : bytes);
  });
  passed.end(body);
});

beforeAll(async () => {
  await kit.start();
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  const { port } = between.address() as AddressInfo;
  vi.stubEnv("STORAGE_EMULATOR_HOST", `http://127.0.0.1:${port}`);
  vi.stubEnv("GOOGLE_CLOUD_PROJECT", "paddock-test");
  vi.stubEnv("PADDOCK_WORKSPACE_BUCKET", "paddock-workspaces");
  vi.resetModules();
});
afterAll(async () => {
  between.close();
  await kit.stop();
});

test("TEN-2 an object whose first upload's answer was lost is new, so that it stays counted", async () => {
  const { putObject } = await import("#shared/google/objects");
  const owner = newOwner(`user_${"a".repeat(21)}`, "development");
  lostMax = 1;
  expect(await putObject(owner, "packs", Buffer.from("kept"))).toMatchObject({ isNew: true });
  expect(lostMax).toBe(0);
  expect(await putObject(owner, "packs", Buffer.from("kept"))).toMatchObject({ isNew: false });
  expect(await putObject(owner, "packs", Buffer.from("other"))).toMatchObject({ isNew: true });
});
