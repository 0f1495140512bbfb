/**
 * Options that point a gRPC client at a local server: loopback and plain text. `readSettings` has
 * made sure that this isn't Google Cloud.
 */
export async function localEndpoint(hostAndPort: string | undefined): Promise<object> {
  if (hostAndPort === undefined) return {};
  const { credentials } = await import("@grpc/grpc-js");
  const [apiEndpoint = "", port = ""] = hostAndPort.split(":");
  return { apiEndpoint, port: Number(port), sslCreds: credentials.createInsecure() };
}
