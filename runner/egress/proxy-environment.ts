/** How programs are told of the proxy: each reads another spelling. */
import { hostname } from "../sandbox/etc-files.ts";

export const proxyPort = 3128;
const proxyUrl = `http://127.0.0.1:${proxyPort}`;
/**
 * What stays inside: programs of one execution may talk to each other, by every name that the
 * sandbox has for itself. Some clients know networks, some ranges, some only what is written out,
 * for which the first few addresses are; some want an address of version 6 in brackets.
 */
const direct = [
  ...["localhost", hostname, "0.0.0.0", "127.0.0.0/8", "127.0.0.1-127.255.255.254"],
  ...Array.from({ length: 9 }, (_, index) => `127.0.0.${index + 1}`),
  ...["127.0.1.1", "::1", "[::1]", "::", "[::]"],
].join(",");

export const proxyEnvironment: Readonly<Record<string, string>> = {
  HTTP_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  https_proxy: proxyUrl,
  ALL_PROXY: proxyUrl,
  all_proxy: proxyUrl,
  NO_PROXY: direct,
  no_proxy: direct,
  // Node reads the above only if it is told to.
  NODE_USE_ENV_PROXY: "1",
};

/** Where there is no way out, and what stands there says so: asking again doesn't help. */
export const refusedEnvironment: Readonly<Record<string, string>> = {
  ...proxyEnvironment,
  // It takes a refusal for a fault of the network. At the second it prints the reason.
  PIP_RETRIES: "1",
};
