/** How programs are told of the proxy; they read different spellings. */
import { hostname } from "../sandbox/etc-files.ts";

export const proxyPort = 3128;
/** Where programs inside reach models, if a variable of theirs names it: see `model-door.ts`. */
export const modelPort = 3129;
export const modelDoorUrl = `http://127.0.0.1:${modelPort}/`;
const proxyUrl = `http://127.0.0.1:${proxyPort}`;
/**
 * Names and addresses that stay inside: programs of one execution may talk to each other, by every
 * name that the sandbox has for itself. Some clients understand networks, some ranges, some only
 * literal addresses, of which the first few are listed; some want IPv6 addresses in brackets.
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
  // Node reads the variables above only with this one.
  NODE_USE_ENV_PROXY: "1",
};

/** Used without a network: the refusing listener's address, and settings that prevent retries. */
export const refusedEnvironment: Readonly<Record<string, string>> = {
  ...proxyEnvironment,
  // pip takes a refusal for a network fault; on its second try it prints the reason.
  PIP_RETRIES: "1",
};
