/** Connects to a host by an address that was looked at, and to no other. */
import { connect, type Socket } from "node:net";
import type { Host } from "#shared/core/network/network-policy";
import { specialRangeOf } from "#shared/core/network/network-policy-addresses";
import type { Names } from "./dns-resolver.ts";
import { EgressRefusal } from "./refusal.ts";

/** An established connection, and the address it leads to. */
export interface Pinned {
  readonly socket: Socket;
  readonly address: string;
}

/** Where an address and port are really found; only tests give another place. */
export type Dial = (
  address: string,
  port: number,
) => { readonly host: string; readonly port: number };

export interface PinnedDeps {
  readonly names: Names;
  readonly dial: Dial;
}

const connectTimeoutMs = 5_000;
/** Of a host's addresses, how many are tried in turn. */
const attemptsMax = 4;

/**
 * Resolves anew and looks at every answer before the first is used: one that leads inside condemns
 * them all, since who mixes them means the wrong one to be taken sometimes.
 *
 * @throws {EgressRefusal} When it may not, or can't be connected.
 */
export async function connectPinned(deps: PinnedDeps, host: Host, port: number): Promise<Pinned> {
  const addresses = host.kind === "address" ? [host.name] : await deps.names.resolve(host.name);
  for (const address of addresses) {
    const special = specialRangeOf(address);
    if (special === null) continue;
    throw new EgressRefusal("private_address", { detail: `${address} is ${special}`, address });
  }
  let last = new EgressRefusal("connect_failed");
  for (const address of addresses.slice(0, attemptsMax)) {
    try {
      return { socket: await dialOnce(deps.dial(address, port)), address };
    } catch (error) {
      last =
        error instanceof EgressRefusal ? error : new EgressRefusal("connect_failed", { address });
    }
  }
  throw last;
}

function dialOnce(target: { readonly host: string; readonly port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(connectTimeoutMs, () => fail(new EgressRefusal("timed_out")));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.off("error", fail);
      // Heard for as long as it lives: a host that resets must end its connection, not us.
      socket.on("error", () => socket.destroy());
      resolve(socket);
    });
  });
}
