/** The interface for looking into tunnels to hosts with bound secrets. */
import type { Socket } from "node:net";

export interface TerminatedTunnel {
  readonly name: string;
  readonly port: number;
  /** The client's end. It was told that the tunnel is open, and starts TLS now. */
  readonly client: Socket;
  /** Connected to the pinned address; TLS hasn't started yet. */
  readonly upstream: Socket;
  /** Called for each piece that passes; false means that no more may. */
  readonly pass: (bytes: number) => boolean;
}

export interface TlsTerminator {
  /** Whether tunnels to this host are looked into. */
  wants(name: string, port: number): boolean;
  /** Resolves when the exchange is over; it owns both sockets until then. */
  serve(tunnel: TerminatedTunnel): Promise<void>;
}
