/** An execution's network access: none, or the proxy behind the sandbox's listener. */
import type { Server } from "node:net";
import { describeError } from "#shared/core/describe-error";
import { planRedaction, type RedactionPlan } from "#shared/core/redaction/plan";
import { redact } from "#shared/core/redaction/redaction";
import type { Secret } from "#shared/core/redaction/units";
import type { EgressRequest, NetworkPolicy } from "#shared/protocol/runner";
import { type AttemptDeps, ConnectionAttempt } from "../egress/connection-attempt.ts";
import { EgressLog } from "../egress/egress-log.ts";
import type { ModelAccess, ModelDoor } from "../egress/model-door.ts";
import type { EgressProxy } from "../egress/proxy.ts";
import { modelPort, proxyPort } from "../egress/proxy-environment.ts";
import type { Reach } from "../egress/reach.ts";
import { EgressRefusal } from "../egress/refusal.ts";
import type { NetworkOverride } from "../egress/test-network.ts";
import type { TlsTerminator } from "../egress/tls-terminator.ts";
import { receiveDoors } from "../launcher/netns-listener.ts";
import { GatewayError, mayPass } from "./gateway.ts";
import type { RefusedAttempt } from "./init-connection.ts";
import type { LauncherLine } from "./launcher-client.ts";
import { log } from "./log.ts";

export interface WayOutDeps {
  readonly launcher: LauncherLine;
  readonly network: NetworkOverride;
  /** Ends TLS in tunnels to hosts with bound secrets; null if there are no such hosts. */
  readonly terminator: TlsTerminator | null;
  readonly send: (batch: EgressRequest) => Promise<unknown>;
  /** Where programs inside call models; null if none of their variables asks for it. */
  readonly models: ModelAccess | null;
  /** Values to redact in the log, because a program may ask for them as a host. */
  readonly secrets: readonly Secret[];
}

export class WayOut {
  readonly #deps: WayOutDeps;
  readonly #policy: NetworkPolicy;
  readonly #log: EgressLog;
  readonly #attempts: AttemptDeps;
  #proxy: EgressProxy | undefined;
  #models: ModelDoor | undefined;

  constructor(deps: WayOutDeps, policy: NetworkPolicy) {
    this.#deps = deps;
    this.#policy = policy;
    const onFailure = (error: unknown) =>
      log("WARNING", "egress log is not heard", { why: describeError(error) });
    const { send } = deps;
    this.#log = new EgressLog({ send, isRefused, mayPass, now: Date.now, onFailure });
    let plan: RedactionPlan | undefined;
    const redactHost = (host: string) => {
      plan ??= planRedaction(asHosts(deps.secrets));
      return redact(plan, host);
    };
    this.#attempts = { log: this.#log, now: Date.now, redact: redactHost };
  }

  /**
   * Opens the proxy if the policy allows any host, and the way to models if it is wanted. Call it
   * when the sandbox has started, before any work. The proxy's code is loaded only then, since most
   * executions have no network.
   */
  async open(): Promise<void> {
    const { launcher, models } = this.#deps;
    const hasNetwork = this.#policy.mode !== "none";
    const ports = [...(hasNetwork ? [proxyPort] : []), ...(models === null ? [] : [modelPort])];
    if (ports.length === 0) return;
    const received = receiveDoors(ports.length);
    received.catch(() => undefined);
    await launcher.openListeners(ports);
    const doors = await received;
    const proxyDoor = hasNetwork ? doors.shift() : undefined;
    if (proxyDoor !== undefined) await this.#openProxy(proxyDoor);
    const [modelDoor] = doors;
    if (modelDoor === undefined || models === null) return;
    const { ModelDoor } = await import("../egress/model-door.ts");
    this.#models = new ModelDoor(models);
    this.#models.listen(modelDoor);
  }

  async #openProxy(door: Server): Promise<void> {
    const { network, terminator } = this.#deps;
    const { EgressProxy } = await import("../egress/proxy.ts");
    const { namesOf } = await import("../egress/dns-resolver.ts");
    this.#proxy = new EgressProxy({
      policy: this.#policy,
      names: namesOf(network.resolver),
      dial: network.dial,
      reachesServices: network.reachesServices ?? false,
      terminator,
      ...this.#attempts,
    });
    this.#proxy.listen(door);
  }

  /** Records an attempt that a sandbox without a network refused itself. */
  refused({ method, host, port }: RefusedAttempt): void {
    if (this.#policy.mode !== "none") return;
    new ConnectionAttempt(this.#attempts, { method, host, port }).end(
      new EgressRefusal("no_network"),
    );
  }

  /** Serves what the supervisor itself asks for on the task's behalf. */
  get reach(): Reach {
    return {
      roots: this.#deps.network.roots ?? null,
      connect: async (asked, carry) => {
        if (this.#proxy !== undefined) return await this.#proxy.carry(asked, carry);
        this.refused({ method: "connect", ...asked });
        throw new EgressRefusal("no_network");
      },
    };
  }

  /** Closes the proxy, and stores how each attempt ended, as far as that can be done in time. */
  async close(until: number): Promise<void> {
    this.#proxy?.close();
    this.#models?.close();
    await this.#log.end(until);
  }

  /** A sentence for users who see only that a program failed; null if nothing was refused. */
  note(): string | null {
    const refused = this.#log.refused();
    if (refused.length === 0) return null;
    return `The network policy refused: ${refused.join("; ")}.`;
  }
}

/** The status with which the gateway rejects a call's content; others have other causes. */
function isRefused(error: unknown): boolean {
  return error instanceof GatewayError && [400, 413, 422].includes(error.status);
}

/** Host names ignore case, so a secret in one may appear in lower case. */
function asHosts(secrets: readonly Secret[]): Secret[] {
  const small = secrets.map(({ key, value }) => ({ key, value: value.toLowerCase() }));
  return [...secrets, ...small];
}
