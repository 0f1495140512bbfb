/** The set-up of a test file about the proxy: servers for the whole file, a proxy for each test. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { type OpenProxy, openProxy, type ProxyOptions } from "./open-proxy.ts";
import { ProxyServers } from "./proxy-servers.ts";
import { allowing } from "./test-internet.ts";

const address = "93.184.215.14";
const names = { "allowed.test": [[address]], "other.test": [[address]] };

/** Allows both ports of the servers, under their own name. */
export const policy = allowing("allowed.test:80", "allowed.test:443");

export function useProxyServers() {
  const servers = new ProxyServers();
  const { served, ports } = servers;
  let proxy: OpenProxy | null = null;
  beforeAll(async () => await servers.open());
  afterAll(() => servers.close());
  afterEach(() => {
    proxy?.close();
    proxy = null;
    served.length = 0;
  });
  /** Opens the test's proxy, by default with `policy`; two names lead to the servers. */
  async function open(options: Partial<ProxyOptions> = {}): Promise<OpenProxy> {
    proxy = await openProxy({ policy, names, ports, ...options });
    return proxy;
  }
  return { servers, served, ports, open };
}
