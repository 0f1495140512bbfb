/** Helpers for the conformance tests of gRPC services. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";

/** Without this, clients look for a metadata server before their first call. */
process.env.METADATA_SERVER_DETECTION = "none";

/** A client's options for the local server at `port`. */
export function clientOptions(port: number) {
  return {
    projectId: "paddock-test",
    apiEndpoint: "127.0.0.1",
    port,
    sslCreds: credentials.createInsecure(),
  };
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "conformance-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
