import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { awaitEgress } from "./await-egress.ts";

test("a function waits for its way out, however late it comes", async () => {
  const first = createServer().listen(0, "127.0.0.1");
  await once(first, "listening");
  const { port } = first.address() as AddressInfo;
  first.close();
  await once(first, "close");
  let isReady = false;
  const waiting = awaitEgress(`127.0.0.1:${port}`).then(() => {
    expect(isReady).toBe(true);
  });
  const later = createServer();
  later.once("connection", (socket) => socket.destroy());
  isReady = true;
  later.listen(port, "127.0.0.1");
  await waiting;
  later.close();
  await awaitEgress("");
});
