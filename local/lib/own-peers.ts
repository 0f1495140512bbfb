/**
 * Tells callers of this cloud from other users of the machine. The services behind loopback ask for
 * no credential, and one of them starts programs as the user that the cloud runs as, mostly root.
 */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { endianness } from "node:os";

/** A connection's state, as the kernel writes it. The user of any other state isn't told. */
const established = "01";
/** Loopback in the tables of IPv4 and of IPv6, whose words are in the machine's byte order. */
const loopback =
  endianness() === "LE"
    ? ["0100007F", "0000000000000000FFFF00000100007F"]
    : ["7F000001", "00000000000000000000FFFF7F000001"];
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
const root = 0;

/** The kernel's tables, of thousands of lines at times, are read once for all who wait for them. */
class Tables {
  #reading: Promise<readonly string[]> | null = null;
  #next: Promise<readonly string[]> | null = null;

  /** As they are at some time from now on: a reading that has begun may be past a connection. */
  read(): Promise<readonly string[]> {
    if (this.#reading === null) return this.#begin();
    this.#next ??= this.#reading.then(() => {
      this.#next = null;
      return this.#begin();
    });
    return this.#next;
  }

  #begin(): Promise<readonly string[]> {
    const reading = Promise.all(tables.map(textOf)).finally(() => {
      this.#reading = null;
    });
    this.#reading = reading;
    return reading;
  }
}

/** The kernel may be without IPv6. */
function textOf(path: string): Promise<string> {
  return readFile(path, "latin1").catch(() => "");
}

const current = new Tables();
/** Connections ask several times, and stay with the process that opened them. */
const known = new WeakMap<Socket, Promise<boolean>>();

/**
 * Whether the other end is a process of root, or of the user that this process runs as. Where the
 * kernel has no tables, nobody can be told from anybody.
 */
export function isOwnPeer(socket: Socket): Promise<boolean> {
  const before = known.get(socket);
  if (before) return before;
  const asked = isOwn(socket);
  known.set(socket, asked);
  return asked;
}

async function isOwn({ remotePort, localPort }: Socket): Promise<boolean> {
  if (remotePort === undefined || localPort === undefined) return false;
  const texts = await current.read();
  if (texts.every((text) => text === "")) return true;
  for (const [index, text] of texts.entries()) {
    const address = loopback[index] ?? "";
    const ends = `${placeOf(address, remotePort)} ${placeOf(address, localPort)} ${established} `;
    const found = text.indexOf(ends);
    if (found < 0) continue;
    const start = found + ends.length;
    // After the queues, the timer and the retransmissions.
    const user = Number(text.slice(start, text.indexOf("\n", start)).trim().split(/\s+/)[3]);
    return user === root || user === process.getuid?.();
  }
  // One that was given up already isn't listed.
  return false;
}

function placeOf(address: string, port: number): string {
  return `${address}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}
