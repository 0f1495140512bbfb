/**
 * Tells callers of this cloud from other users of the machine. The services behind loopback ask for
 * no credential, and one of them starts programs as the user that the cloud runs as, mostly root.
 */
import { readFileSync } from "node:fs";
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

/** Connections ask several times, and stay with whoever opened them. */
const known = new WeakMap<Socket, boolean>();

/** Whether the other end is a process of root, or of the user that this process runs as. */
export function isOwnPeer(socket: Socket): boolean {
  const before = known.get(socket);
  if (before !== undefined) return before;
  const user = userOfPeer(socket);
  const isOwn = user !== null && (user === root || user === process.getuid?.());
  known.set(socket, isOwn);
  return isOwn;
}

/** Null if the kernel lists no such connection, as for one that was given up already. */
function userOfPeer({ remotePort, localPort }: Socket): number | null {
  if (remotePort === undefined || localPort === undefined) return null;
  for (const [index, table] of tables.entries()) {
    const address = loopback[index] ?? "";
    const ends = [placeOf(address, remotePort), placeOf(address, localPort)];
    const row = linesOf(table).find(([, local, remote, state]) => {
      return local === ends[0] && remote === ends[1] && state === established;
    });
    const user = row?.[7];
    if (user !== undefined) return Number(user);
  }
  return null;
}

function placeOf(address: string, port: number): string {
  return `${address}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The fields of each line. The kernel may be without IPv6. */
function linesOf(table: string): string[][] {
  try {
    const lines = readFileSync(table, "utf8").split("\n");
    return lines.map((line) => line.trim().split(/\s+/));
  } catch {
    return [];
  }
}
