/** A form whose sender falls silent, through a process of its own that doesn't wait long. */
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { type FunctionAside, startAside } from "../kit/function-aside.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";

let files: FunctionAside;
beforeAll(async () => {
  files = await startAside("files", { waits: { silentFormMsMax: 300 } });
});
afterAll(async () => await files.stop());

test("SEC-8 a form that stops arriving is refused with 408, and leaves nothing", async () => {
  const { key } = await newOwner();
  const environmentId = await newEnvironment(key);
  const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhel';
  const path = `/v1/environments/${environmentId}/files`;
  const { promise, resolve, reject } = Promise.withResolvers<[number, string]>();
  const outgoing = request(new URL(`${path}/upload`, files.baseUrl), {
    method: "POST",
    agent: false,
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "multipart/form-data; boundary=b",
      "content-length": head.length + 10_000,
    },
  });
  outgoing.on("error", reject).on("response", (incoming) => {
    const chunks: Buffer[] = [];
    incoming.on("error", reject).on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => resolve([incoming.statusCode ?? 0, Buffer.concat(chunks).toString()]));
  });
  outgoing.write(head);
  const [status, text] = await promise;
  outgoing.destroy();
  expect([status, JSON.parse(text).code], text).toEqual([408, "REQUEST_TIMEOUT"]);
  expect((await send(`${path}/a.txt`, { key })).status).toBe(404);
});
