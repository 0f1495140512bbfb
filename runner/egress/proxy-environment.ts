/** How programs are told of the proxy: each reads another spelling. */

export const proxyPort = 3128;
const proxyUrl = `http://127.0.0.1:${proxyPort}`;
/** What stays inside: programs of one execution may talk to each other. */
const direct = "localhost,127.0.0.1,::1";

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
