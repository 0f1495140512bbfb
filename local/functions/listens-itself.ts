import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The state of a socket that waits for connections, as the kernel writes it. */
const listening = "0A";

/**
 * Whether a process itself waits for connections at a port of loopback. That somebody answers there
 * isn't enough: another program may have taken the port, and would get our callers' keys.
 */
export function listensItself(pid: number, port: number): boolean {
  const sockets = listeningSockets(port);
  if (sockets.size === 0) return false;
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => sockets.has(targetOf(`${folder}/${fd}`)));
  } catch {
    // It has ended.
    return false;
  }
}

/** As links of `/proc/PID/fd` name them. */
function listeningSockets(port: number): Set<string> {
  const end = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => linesOf(file));
  const fields = lines.map((line) => line.trim().split(/\s+/));
  const found = fields.filter(
    ([, local = "", , state]) => local.endsWith(end) && state === listening,
  );
  return new Set(found.map((each) => `socket:[${each[9]}]`));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    // The kernel may be without IPv6.
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
