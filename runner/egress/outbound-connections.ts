/** Every attempt to leave passes here: it is decided, counted, pinned, carried and recorded. */
import { decideHost, type Host } from "#shared/core/network/network-policy";
import type { EgressAttempt, NetworkPolicy } from "#shared/protocol/runner";
import { ConnectPatience } from "./connect-patience.ts";
import { type AttemptDeps, ConnectionAttempt } from "./connection-attempt.ts";
import { Meter } from "./meter.ts";
import { connectPinned, type Pinned, type PinnedDeps } from "./pinned.ts";
import { isPlatformName } from "./platform.ts";
import { EgressRefusal, type RequestedHost } from "./refusal.ts";

export interface OutboundDeps extends PinnedDeps, AttemptDeps {
  readonly policy: NetworkPolicy;
}

/** An open connection to the outside. */
export interface OutboundConnection {
  readonly host: Host;
  readonly pinned: Pinned;
  /** Called for each piece that passes; after the first false the connection is closed. */
  readonly pass: (bytes: number) => boolean;
}

type Method = EgressAttempt["method"];

export class OutboundConnections {
  readonly #deps: OutboundDeps;
  readonly #meter: Meter;
  readonly #patience = new ConnectPatience(() => performance.now());
  readonly #open = new Map<ConnectionAttempt, Pinned>();

  constructor(deps: OutboundDeps) {
    this.#deps = deps;
    this.#meter = new Meter(deps.policy.limits, () => performance.now());
  }

  /** Resolves when `carry` is done. @throws {EgressRefusal} If it wasn't reached, or throws one. */
  async attempt(
    method: Method,
    asked: RequestedHost,
    carry: (connection: OutboundConnection) => Promise<void>,
  ): Promise<void> {
    const decision = decideHost(this.#deps.policy, asked.host, asked.port);
    const host = decision.host?.name ?? asked.host;
    const attempt = new ConnectionAttempt(this.#deps, { host, port: asked.port, method });
    try {
      if (!decision.allowed) throw new EgressRefusal(decision.rule);
      if (isPlatformName(decision.host, this.#deps.reachesServices ?? false)) {
        throw new EgressRefusal("private_name");
      }
      await this.#leave(attempt, { host: decision.host, port: asked.port, carry });
      attempt.end();
    } catch (error) {
      attempt.end(error);
      throw error;
    }
  }

  /** Records a request that never became an attempt to reach a host. */
  refused(method: Method, asked: RequestedHost, refusal: EgressRefusal): void {
    new ConnectionAttempt(this.#deps, { ...asked, method }).end(refusal);
  }

  /** Closes every open connection; each gets its end in the log. */
  close(): void {
    for (const [attempt, { socket }] of this.#open) {
      attempt.end();
      socket.destroy();
    }
  }

  async #leave(
    attempt: ConnectionAttempt,
    {
      host,
      port,
      carry,
    }: { host: Host; port: number; carry: (connection: OutboundConnection) => Promise<void> },
  ): Promise<void> {
    const full = this.#meter.open();
    if (full !== null) throw new EgressRefusal(full);
    let pinned: Pinned | undefined;
    try {
      const recorded = attempt.open();
      recorded.catch(() => undefined);
      if (!this.#isSpelledOut(host)) await recorded;
      // Nothing of the sandbox's is sent before both are done.
      const deps = { ...this.#deps, patience: this.#patience };
      const connecting = connectPinned(deps, host, port);
      await Promise.all([recorded, connecting]).catch((error: unknown) => {
        connecting.then(({ socket }) => socket.destroy()).catch(() => undefined);
        throw error;
      });
      pinned = await connecting;
      const { socket, address } = pinned;
      attempt.connected(socket, address);
      this.#open.set(attempt, pinned);
      let passed = 0;
      let counted = 0;
      // Headers and what TLS adds are carried, too, and no piece tells of them.
      const count = (bytes: number) => {
        passed += bytes;
        const carried = Math.max(passed, socket.bytesRead + socket.bytesWritten);
        const added = carried - counted;
        counted = carried;
        return this.#meter.count(added);
      };
      socket.once("close", () => count(0));
      const pass = (bytes: number) => {
        if (count(bytes)) return true;
        attempt.end(new EgressRefusal("byte_limit"));
        socket.destroy();
        return false;
      };
      await carry({ host, pinned, pass });
    } finally {
      pinned?.socket.destroy();
      this.#open.delete(attempt);
      this.#meter.close();
    }
  }

  /**
   * Whether a list has the very name. Any other one is the program's own words, which looking it up
   * sends to its owner's name server.
   */
  #isSpelledOut({ name }: Host): boolean {
    const { mode, allow } = this.#deps.policy;
    return mode === "allowlist" && allow.some(({ host }) => host === name);
  }
}
