import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { cutOffStalled } from "./stalled-reader.ts";

/** Far more than the buffers of two sockets hold. */
const largeBytes = 32 * 1024 * 1024;
const open: (() => unknown)[] = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** One request of a client that reads nothing of its answer. */
async function unread(stalledMsMax: number): Promise<ServerResponse> {
  const server = createServer().listen(0, "127.0.0.1");
  open.push(() => server.close());
  await once(server, "listening");
  const client: Socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined).pause();
  open.push(() => client.destroy());
  const asked = once(server, "request");
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const [, response] = (await asked) as [unknown, ServerResponse];
  cutOffStalled(response, stalledMsMax);
  return response;
}

describe("TEN-2 a client that takes nothing of its answer", () => {
  test("is cut off, and its memory is freed", async () => {
    const response = await unread(100);
    response.end(Buffer.alloc(largeBytes));
    await once(response, "close");
    expect(response.writableFinished).toBe(false);
    expect(response.socket?.destroyed ?? true).toBe(true);
  });

  test("is left alone while it waits for us, however long that takes", async () => {
    const response = await unread(60_000);
    response.emit("timeout");
    expect(response.destroyed).toBe(false);
    response.end(Buffer.alloc(largeBytes));
    response.emit("timeout");
    expect(response.destroyed).toBe(true);
  });
});
