/** How the supervisor itself reaches a host: under the same rules as the sandbox. */
import type { OutboundConnection } from "./outbound-connections.ts";
import type { RequestedHost } from "./refusal.ts";

export interface Reach {
  /** Resolves when `carry` is done. @throws {EgressRefusal} If it wasn't reached. */
  connect(
    asked: RequestedHost,
    carry: (connection: OutboundConnection) => Promise<void>,
  ): Promise<void>;
  /** The certificate authorities of hosts, instead of the usual ones. */
  readonly roots: readonly string[] | null;
}
