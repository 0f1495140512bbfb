/**
 * The certificate authority of one execution, for hosts with bound secrets. Its key never leaves
 * this process's memory, and its certificates are worthless for any other name.
 */
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { bits, der, identifier, integer, octets, sequence, utcTime, yes } from "./der.ts";

/** Longer than any execution; the clients inside use our clock. */
const lifetimeMs = 26 * 3_600_000;
const skewMs = 3_600_000;
/** An execution asks for few names, but below `*.host` there may be any number. */
const contextsMax = 1_000;

const algorithm = sequence(identifier("1.2.840.10045.4.3.2"));
const issuer = nameOf("Paddock, one execution");
const oids = {
  subjectKey: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKey: "2.5.29.35",
  extendedUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
};

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export class ExecutionCa {
  readonly certificatePem: string;
  readonly #now: number;
  readonly #own = newPair();
  readonly #leaves = newPair();
  readonly #contexts = new Map<string, SecureContext>();

  /** @param hosts the names it may vouch for: each of them, and everything below it. */
  constructor(hosts: readonly string[], now: number) {
    this.#now = now;
    this.certificatePem = this.#signed({
      subject: issuer,
      publicKey: this.#own.publicKey,
      extensions: [
        extension(oids.basicConstraints, sequence(yes, integer(Buffer.of(0))), "critical"),
        extension(oids.keyUsage, bits(Buffer.of(0b0000_0110), 1), "critical"),
        extension(oids.nameConstraints, constraintsOf(hosts), "critical"),
        extension(oids.subjectKey, octets(keyId(this.#own.publicKey))),
      ],
    });
  }

  /** The certificate that a TLS server presents for `host`. */
  contextFor(host: string): SecureContext {
    const known = this.#contexts.get(host);
    if (known) return known;
    const context = createSecureContext({
      cert: this.#leafFor(host),
      key: this.#leaves.privateKey.export({ type: "pkcs8", format: "pem" }),
      minVersion: "TLSv1.2",
    });
    if (this.#contexts.size >= contextsMax) this.#contexts.clear();
    this.#contexts.set(host, context);
    return context;
  }

  #leafFor(host: string): string {
    const usage = sequence(identifier(oids.serverAuthentication));
    return this.#signed({
      subject: nameOf("Paddock, a bound secret's host"),
      publicKey: this.#leaves.publicKey,
      extensions: [
        extension(oids.keyUsage, bits(Buffer.of(0b1000_0000), 7), "critical"),
        extension(oids.extendedUsage, usage),
        extension(oids.alternativeName, sequence(dnsName(host))),
        extension(oids.subjectKey, octets(keyId(this.#leaves.publicKey))),
      ],
    });
  }

  #signed(wanted: {
    readonly subject: Buffer;
    readonly publicKey: KeyObject;
    readonly extensions: readonly Buffer[];
  }): string {
    const version3 = der(0xa0, integer(Buffer.of(2)));
    const serial = Buffer.concat([Buffer.of(1), randomBytes(15)]);
    const validity = sequence(utcTime(this.#now - skewMs), utcTime(this.#now + lifetimeMs));
    const authority = sequence(der(0x80, keyId(this.#own.publicKey)));
    const extensions = sequence(...wanted.extensions, extension(oids.authorityKey, authority));
    const content = sequence(
      ...[version3, integer(serial), algorithm, issuer, validity, wanted.subject],
      wanted.publicKey.export({ type: "spki", format: "der" }),
      der(0xa3, extensions),
    );
    const signature = sign("sha256", content, this.#own.privateKey);
    return new X509Certificate(sequence(content, algorithm, bits(signature))).toString();
  }
}

function newPair(): Pair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function keyId(key: KeyObject): Buffer {
  const bytes = key.export({ type: "spki", format: "der" });
  return createHash("sha256").update(bytes).digest().subarray(0, 20);
}

function nameOf(commonName: string): Buffer {
  const text = der(0x0c, Buffer.from(commonName));
  return sequence(der(0x31, sequence(identifier("2.5.4.3"), text)));
}

function dnsName(host: string): Buffer {
  return der(0x82, Buffer.from(host));
}

/** Permits these names only, and no addresses. */
function constraintsOf(hosts: readonly string[]): Buffer {
  const anyAddress = [8, 32].map((length) => sequence(der(0x87, Buffer.alloc(length))));
  const permitted = der(0xa0, ...hosts.map((host) => sequence(dnsName(host))));
  return sequence(permitted, der(0xa1, ...anyAddress));
}

function extension(oid: string, value: Buffer, kind: "critical" | "plain" = "plain"): Buffer {
  const flags = kind === "critical" ? [yes] : [];
  return sequence(identifier(oid), ...flags, octets(value));
}
