import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { afterAll, describe, expect, test } from "vitest";
import { ExecutionCa } from "./execution-ca.ts";

const now = Date.now();
const ca = new ExecutionCa(["api.example.test"], now);
const folder = mkdtempSync(join(tmpdir(), "paddock-ca-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The certificate that a server with this CA presents for `host`. */
async function shownFor(host: string) {
  const server = createServer({ SNICallback: (_name, done) => done(null, ca.contextFor(host)) });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, servername: host, ca: ca.certificatePem }).on(
    "error",
    () => undefined,
  );
  const result = await once(socket, "secureConnect").then(
    () => "trusted",
    (error: Error) => error.message,
  );
  const shown = socket.getPeerX509Certificate();
  socket.destroy();
  server.close();
  return { result, pem: shown?.toString() ?? "" };
}

describe("an ExecutionCa", () => {
  test("vouches for its hosts and what lies below them, as Node sees it", async () => {
    expect((await shownFor("api.example.test")).result).toBe("trusted");
    expect((await shownFor("v2.api.example.test")).result).toBe("trusted");
  });

  test("is worthless for any other name", async () => {
    expect((await shownFor("example.test")).result).toBe("permitted subtree violation");
    expect((await shownFor("bank.test")).result).toBe("permitted subtree violation");
  });

  test("passes OpenSSL's strict checks, and only during an execution", async () => {
    const { pem } = await shownFor("api.example.test");
    const [root, leaf] = [join(folder, "ca.pem"), join(folder, "leaf.pem")];
    writeFileSync(root, ca.certificatePem);
    writeFileSync(leaf, pem);
    const verify = (...more: string[]) =>
      spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", root, ...more, leaf]).status;
    expect(verify("-verify_hostname", "api.example.test", "-purpose", "sslserver")).toBe(0);
    expect(verify("-attime", `${Math.floor(now / 1_000) + 27 * 3_600}`)).not.toBe(0);
    const text = execFileSync("openssl", ["x509", "-in", root, "-noout", "-text"]).toString();
    expect(text).toMatch(/Permitted:\s+DNS:api\.example\.test\s+Excluded:\s+IP:0\.0\.0\.0\/0/);
  });

  test("never repeats a serial number", () => {
    const serials = [ca, new ExecutionCa(["a.test"], now)].map(
      ({ certificatePem }) => new X509Certificate(certificatePem).serialNumber,
    );
    expect(new Set(serials).size).toBe(2);
  });
});
