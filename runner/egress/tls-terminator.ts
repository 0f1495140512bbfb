/** Where a tunnel is looked into: for hosts that a secret is bound to. */
import type { Socket } from "node:net";

export interface TerminatedTunnel {
  readonly name: string;
  readonly port: number;
  /** The client's end; it has been told that the tunnel stands, and begins with TLS now. */
  readonly client: Socket;
  /** Connected to the pinned address; TLS to be begun. */
  readonly upstream: Socket;
  /** To be asked for each piece that passes; false: no more may. */
  readonly pass: (bytes: number) => boolean;
}

export interface TlsTerminator {
  /** Whether tunnels to this host are looked into. */
  wants(name: string, port: number): boolean;
  /** Resolves when the exchange is over; both sockets are its own until then. */
  serve(tunnel: TerminatedTunnel): Promise<void>;
}
