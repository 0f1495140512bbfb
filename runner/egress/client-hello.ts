/** Reads the server name from a TLS client's first bytes, which come from a stranger. */

export type Greeting =
  /** The bytes may still become a hello. */
  | { readonly kind: "incomplete" }
  | { readonly kind: "tls"; readonly serverName: string | null }
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed" };

/** Hellos with post-quantum key shares take 2 KiB; none needs this much. */
export const helloBytesMax = 16 * 1024;

const handshakeRecord = 22;
const clientHello = 1;
const recordHeaderBytes = 5;
const messageHeaderBytes = 4;
const recordBytesMax = 16 * 1024;
const serverNameExtension = 0;
const hostName = 0;
const randomBytes = 32;

class Malformed extends Error {}

/** Pure. Call it again with more bytes while it returns `incomplete`. */
export function readGreeting(bytes: Buffer): Greeting {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (bytes[0] !== handshakeRecord) return { kind: "not-tls" };
  try {
    const message = helloMessage(bytes);
    if (message !== null) return { kind: "tls", serverName: serverNameOf(message) };
    return bytes.length < helloBytesMax ? { kind: "incomplete" } : { kind: "malformed" };
  } catch (error) {
    if (error instanceof Malformed) return { kind: "malformed" };
    throw error;
  }
}

/** The message's body, assembled from its records; null while a part is missing. */
function helloMessage(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let wantedBytes = messageHeaderBytes;
  let at = 0;
  for (let gathered = 0; gathered < wantedBytes; ) {
    if (at >= bytes.length) return null;
    // Checks every record from its first byte, so that it never waits for an endless one.
    if (bytes[at] !== handshakeRecord) throw new Malformed();
    if (bytes.length - at >= 2 && bytes[at + 1] !== 3) throw new Malformed();
    if (bytes.length - at < recordHeaderBytes) return null;
    const lengthBytes = bytes.readUInt16BE(at + 3);
    if (lengthBytes === 0 || lengthBytes > recordBytesMax) throw new Malformed();
    const part = bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + lengthBytes);
    parts.push(part);
    gathered += part.length;
    at += recordHeaderBytes + lengthBytes;
    // The length is read once, since a hello may come in records of one byte.
    if (wantedBytes > messageHeaderBytes || gathered < messageHeaderBytes) continue;
    const head = Buffer.concat(parts);
    if (head[0] !== clientHello) throw new Malformed();
    wantedBytes = messageHeaderBytes + head.readUIntBE(1, 3);
    if (wantedBytes > helloBytesMax) throw new Malformed();
  }
  return Buffer.concat(parts).subarray(messageHeaderBytes, wantedBytes);
}

function serverNameOf(message: Buffer): string | null {
  const hello = new HelloReader(message);
  hello.skip(2 + randomBytes);
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.isAtEnd) return null;
  const extensions = new HelloReader(hello.vector(2));
  if (!hello.isAtEnd) throw new Malformed();
  let serverName: string | null = null;
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (type !== serverNameExtension) continue;
    if (serverName !== null) throw new Malformed();
    serverName = onlyName(body);
  }
  return serverName;
}

/** The list must have one name: with two, we and the server could pick different ones. */
function onlyName(body: Buffer): string {
  const outer = new HelloReader(body);
  const list = new HelloReader(outer.vector(2));
  const type = list.number(1);
  const name = list.vector(2).toString("latin1");
  if (type !== hostName || name === "" || !list.isAtEnd || !outer.isAtEnd) throw new Malformed();
  return name;
}

/** Reads numbers and length-prefixed pieces in order. */
class HelloReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  skip(lengthBytes: number): Buffer {
    const end = this.#at + lengthBytes;
    if (end > this.#bytes.length) throw new Malformed();
    const piece = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return piece;
  }

  number(lengthBytes: 1 | 2): number {
    return this.skip(lengthBytes).readUIntBE(0, lengthBytes);
  }

  vector(prefixBytes: 1 | 2): Buffer {
    return this.skip(this.number(prefixBytes));
  }
}
