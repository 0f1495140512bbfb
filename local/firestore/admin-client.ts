/** The official client for a local cloud's database, for scripts and tests. */
import { Firestore } from "@google-cloud/firestore";

/**
 * @param environment a local cloud's settings.
 * @returns a client without counting proxies and access rules; end it with `terminate()`.
 */
export function openFirestore(
  environment: Readonly<Record<string, string>>,
  databaseId = "(default)",
): Firestore {
  // Without this, the client looks for Google's metadata server for seconds, and complains.
  process.env.METADATA_SERVER_DETECTION = "none";
  const { GOOGLE_CLOUD_PROJECT: projectId, FIRESTORE_EMULATOR_HOST: host } = environment;
  if (!projectId || !host) throw new Error("These aren't a local cloud's settings.");
  return new Firestore({
    databaseId,
    projectId,
    host,
    ssl: false,
    customHeaders: { Authorization: "Bearer owner" },
    // A machine's settings except 127.0.0.1 alone from its proxy.
    "grpc.enable_http_proxy": 0,
  });
}
