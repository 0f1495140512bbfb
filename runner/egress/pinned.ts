/** Connects to a host only by an address that was checked. */
import { connect, type Socket } from "node:net";
import type { Host } from "#shared/core/network/network-policy";
import { specialRangeOf } from "#shared/core/network/network-policy-addresses";
import type { ConnectPatience } from "./connect-patience.ts";
import type { Names } from "./dns-resolver.ts";
import { isPlatformAddress } from "./platform.ts";
import { EgressRefusal } from "./refusal.ts";

/** An established connection and its address. */
export interface Pinned {
  readonly socket: Socket;
  readonly address: string;
}

/** Maps a checked address and port to a real one; only tests change it. */
export type Dial = (
  address: string,
  port: number,
) => { readonly host: string; readonly port: number };

export interface PinnedDeps {
  readonly names: Names;
  readonly dial: Dial;
  /** Whether Cloud Run's services may be reached; see `platform.ts`. They aren't by default. */
  readonly reachesServices?: boolean;
}

/** How many of a host's addresses are tried in turn. */
const attemptsMax = 4;

/**
 * Resolves the name again and checks every answer before the first is used. One internal address
 * condemns them all, because a host that mixes them wants it to be used sometimes.
 *
 * @throws {EgressRefusal} If the host isn't allowed, or can't be connected.
 */
export async function connectPinned(
  deps: PinnedDeps & { readonly patience: ConnectPatience },
  host: Host,
  port: number,
): Promise<Pinned> {
  const addresses = host.kind === "address" ? [host.name] : await deps.names.resolve(host.name);
  for (const address of addresses) {
    const isPlatform = isPlatformAddress(address, deps.reachesServices ?? false);
    const special = isPlatform ? "Cloud Run" : specialRangeOf(address);
    if (special === null) continue;
    throw new EgressRefusal("private_address", { detail: `${address} is ${special}`, address });
  }
  let last = new EgressRefusal("connect_failed");
  for (const address of addresses.slice(0, attemptsMax)) {
    try {
      const socket = await dialOnce(deps.dial(address, port), deps.patience.timeoutMs());
      deps.patience.connected();
      return { socket, address };
    } catch (error) {
      last =
        error instanceof EgressRefusal ? error : new EgressRefusal("connect_failed", { address });
    }
  }
  throw last;
}

function dialOnce(target: ReturnType<Dial>, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new EgressRefusal("timed_out")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", fail);
      // Stays for the socket's life: a host's reset must end its connection and not this process.
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}
