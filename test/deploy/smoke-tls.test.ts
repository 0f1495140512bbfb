/** The smoke test's verdict on TLS, with servers of each kind on this machine. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createPlainServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server, type TlsOptions } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SmokeContext } from "../../deploy/smoke/context.ts";
import { noPlainHttp } from "../../deploy/smoke/edge-checks.ts";
import { sharedOut } from "../kit/shard.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "paddock-tls-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: Server | null = null;
afterEach(() => server?.close());

/** A self-signed certificate, so trusting it trusts nothing else. */
function certificateFor(name: string, days: number) {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const subject = ["-subj", `/O=A test/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const form = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", `${days}`];
  execFileSync("openssl", [...form, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  return { file: cert, options: { key: readFileSync(key), cert: readFileSync(cert) } };
}

async function listen(options: TlsOptions): Promise<number> {
  const started = createServer(options, (socket) => socket.end());
  started.on("tlsClientError", () => undefined);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const address = started.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

async function smoke(port: number, check: string, trusted: string | null) {
  const env = { ...process.env, NO_COLOR: "1", NODE_EXTRA_CA_CERTS: trusted ?? "" };
  const url = `https://localhost:${port}`;
  const command = ["deploy/smoke.ts", "--url", url, "--only", check];
  return await new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }),
    );
  });
}

const modern: TlsOptions = {
  minVersion: "TLSv1.2",
  ciphers: "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256",
};
const anything = "DEFAULT:@SECLEVEL=0";

describe("EDG-3 TLS of a deployment", () => {
  const servers: readonly [string, TlsOptions, number, string][] = [
    ["1.2 and 1.3 with modern ciphers pass", modern, 0, "1.3 (TLS_AES_128_GCM_SHA256)"],
    ["1.1 fails", { minVersion: "TLSv1.1", ciphers: anything }, 1, "TLSv1.1 is spoken as well"],
    ["1.0 fails", { minVersion: "TLSv1", ciphers: anything }, 1, "TLSv1 is spoken as well"],
    ["no 1.3 fails", { ...modern, maxVersion: "TLSv1.2" }, 1, "TLS 1.3 isn't spoken"],
    [
      "a cipher without forward secrecy fails",
      { ...modern, ciphers: `${modern.ciphers}:AES128-GCM-SHA256` },
      1,
      "AES128-GCM-SHA256 is accepted",
    ],
  ];
  test.each(sharedOut(servers, 2))("%s", async (_what, options, code, says) => {
    const { file, options: own } = certificateFor("localhost", 90);
    const ended = await smoke(await listen({ ...options, ...own }), "tls-versions", file);
    expect(ended.output).toContain(says);
    expect(ended.code).toBe(code);
  });
});

describe("EDG-3 the certificate of a deployment", () => {
  const certificates: readonly [string, string, number, boolean, number, string][] = [
    ["that is trusted passes", "localhost", 90, true, 0, "for localhost, by A test, 89 days left"],
    ["of somebody unknown fails", "localhost", 90, false, 1, "isn't trusted"],
    ["for another name fails", "other.example.com", 90, true, 1, "isn't trusted"],
    ["that ends soon fails", "localhost", 7, true, 1, "ends in"],
  ];
  test.each(sharedOut(certificates, 2))("%s", async (_what, name, days, isTrusted, code, says) => {
    const { file, options } = certificateFor(name, days);
    const port = await listen({ ...modern, ...options });
    const ended = await smoke(port, "tls-certificate", isTrusted ? file : null);
    expect(ended.output).toContain(says);
    expect(ended.code).toBe(code);
  });
});

describe("EDG-5 plain HTTP", () => {
  const at = new SmokeContext("https://localhost", null);

  test("that is answered fails, and a closed port passes", async () => {
    const plain = createPlainServer();
    await new Promise<void>((resolve) => plain.listen(0, "localhost", resolve));
    const address = plain.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await expect(noPlainHttp(at, port)).rejects.toThrow("could travel in clear");
    await new Promise((resolve) => plain.close(resolve));
    expect(await noPlainHttp(at, port)).toContain("is closed");
  });

  test("of a name that nobody knows isn't taken for closed", async () => {
    const unknown = new SmokeContext("https://no-such-name.invalid", null);
    await expect(noPlainHttp(unknown)).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
  });
});
