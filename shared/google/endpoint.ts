/**
 * Options that point a gRPC client at a local server: loopback and plain text. Outside of Google
 * Cloud only, which `readSettings` has seen to.
 */
export async function localEndpoint(hostAndPort: string | undefined): Promise<object> {
  if (hostAndPort === undefined) return {};
  const { credentials } = await import("@grpc/grpc-js");
  const [apiEndpoint = "", port = ""] = hostAndPort.split(":");
  return { apiEndpoint, port: Number(port), sslCreds: credentials.createInsecure() };
}
