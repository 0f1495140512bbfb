/** Checks the TLS versions and the certificate. */
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { NotTried, type SmokeContext } from "./context.ts";

const timeoutMs = 10_000;
const daysLeftMin = 14;
const dayMs = 24 * 60 * 60_000;

interface Handshake {
  readonly protocol: string | null;
  readonly cipher: string;
  readonly authorized: boolean;
  readonly why: string;
  readonly certificate: PeerCertificate;
}

export async function tlsVersions(context: SmokeContext): Promise<string> {
  requireTls(context);
  const newest = await handshake(context, { minVersion: "TLSv1.3", maxVersion: "TLSv1.3" });
  if (newest === null) throw new Error("TLS 1.3 isn't spoken");
  // Google decides what is spoken at its own addresses.
  if (context.isTrial) return `1.3 (${newest.cipher}); what else is spoken, Cloud Run decides`;
  for (const version of ["TLSv1", "TLSv1.1"] as const) {
    // By default, OpenSSL itself refuses to speak these.
    const ciphers = "DEFAULT:@SECLEVEL=0";
    const old = await handshake(context, { minVersion: version, maxVersion: version, ciphers });
    if (old !== null) throw new Error(`${old.protocol} is spoken as well`);
  }
  const weak = await handshake(context, {
    maxVersion: "TLSv1.2",
    ciphers: "AES128-SHA:AES256-SHA:AES128-SHA256:AES128-GCM-SHA256:@SECLEVEL=0",
  });
  if (weak !== null) throw new Error(`${weak.cipher} is accepted, which has no forward secrecy`);
  return `1.3 (${newest.cipher}); 1.0, 1.1 and ciphers without forward secrecy are refused`;
}

export async function certificate(context: SmokeContext): Promise<string> {
  requireTls(context);
  const shown = await handshake(context, {});
  if (shown === null) throw new Error("no connection");
  if (!shown.authorized) throw new Error(`the certificate isn't trusted: ${shown.why}`);
  const daysLeft = Math.floor((Date.parse(shown.certificate.valid_to) - Date.now()) / dayMs);
  if (daysLeft < daysLeftMin) throw new Error(`the certificate ends in ${daysLeft} days`);
  const issuer = shown.certificate.issuer.O ?? shown.certificate.issuer.CN;
  return `for ${context.url.hostname}, by ${String(issuer)}, ${daysLeft} days left`;
}

function requireTls(context: SmokeContext): void {
  if (!context.isTls)
    throw new NotTried("not applicable: this deployment is on loopback, without TLS");
}

/** Null if the other side refuses, or this machine's OpenSSL can't offer it. */
async function handshake(
  context: SmokeContext,
  options: ConnectionOptions,
): Promise<Handshake | null> {
  const { hostname, port } = context.url;
  return await new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      servername: hostname,
      port: Number(port || 443),
      timeout: timeoutMs,
      // Checked below, where the reason can be reported.
      rejectUnauthorized: false,
      ...options,
    });
    const end = (answer: Handshake | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("secureConnect", () =>
      end({
        protocol: socket.getProtocol(),
        cipher: socket.getCipher().name,
        authorized: socket.authorized,
        why: String(socket.authorizationError ?? ""),
        certificate: socket.getPeerCertificate(),
      }),
    );
    socket.once("timeout", () => end(null));
    socket.once("error", () => end(null));
  });
}
