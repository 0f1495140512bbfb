/** HTTP servers on loopback, each for one test. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";

/** Servers that are closed when the test ends; `listen` starts one and returns its port. */
export function useLoopbackServers() {
  const closers: (() => void)[] = [];
  const closeAll = () => {
    for (const close of closers.splice(0)) close();
  };
  afterEach(closeAll);
  async function listen(handle: RequestListener): Promise<number> {
    const server = createServer(handle);
    await once(server.listen(0, "127.0.0.1"), "listening");
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  }
  return { listen, closeAll };
}
