/** A proxy on a port of this machine, without a sandbox, to try its rules alone. */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { defaultEgressLimits, type NetworkPolicy } from "#shared/protocol/runner";
import type { NewAttempt } from "../../../runner/egress/connection-attempt.ts";
import { EgressProxy } from "../../../runner/egress/proxy.ts";
import { EgressRefusal } from "../../../runner/egress/refusal.ts";
import type { TlsTerminator } from "../../../runner/egress/tls-terminator.ts";

export interface ProxyOptions {
  readonly policy: Partial<NetworkPolicy>;
  /** Answers by name: one per question in turn; the last one is repeated. */
  readonly names: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Maps a public port to the real one. */
  readonly ports?: ReadonlyMap<number, number>;
  readonly terminator?: TlsTerminator;
  /** When a recorded attempt is stored. By default at once. */
  readonly stored?: () => Promise<void>;
}

export interface OpenProxy {
  readonly port: number;
  /** Attempts that are over, in the order they ended. */
  readonly log: NewAttempt[];
  /** Attempts that were recorded in advance, in order. */
  readonly opened: NewAttempt[];
  /** Names that were resolved, in order. */
  readonly asked: string[];
  /** The checked addresses that the proxy connected to. */
  readonly dialled: string[];
  close(): void;
}

const answerMsMax = 5_000;

export async function openProxy(options: ProxyOptions): Promise<OpenProxy> {
  const { policy, names, ports = new Map(), terminator = null } = options;
  const { stored = async () => undefined } = options;
  const [log, opened]: [NewAttempt[], NewAttempt[]] = [[], []];
  const [asked, dialled]: [string[], string[]] = [[], []];
  const proxy = new EgressProxy({
    policy: { mode: "allowlist", allow: [], limits: defaultEgressLimits, ...policy },
    names: {
      async resolve(name) {
        const turns = names[name];
        asked.push(name);
        const turn = asked.filter((one) => one === name).length - 1;
        const found = turns?.[Math.min(turn, turns.length - 1)];
        if (found === undefined) throw new EgressRefusal("name_not_found");
        return [...found];
      },
    },
    dial: (address, port) => {
      dialled.push(`${address}:${port}`);
      return { host: "127.0.0.1", port: ports.get(port) ?? 1 };
    },
    terminator,
    log: {
      open(attempt) {
        opened.push(attempt);
        return { stored: stored(), end: (how) => log.push({ ...attempt, ...how }) };
      },
      record: (attempt) => log.push(attempt),
    },
    now: Date.now,
    redact: (host) => host.replace("secret", "[redacted]"),
  });
  const listener = createServer();
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  proxy.listen(listener);
  return { port: address.port, log, opened, asked, dialled, close: () => proxy.close() };
}

/** Sends bytes unchanged, and reads until the other side ends. */
export async function sendRaw(port: number, ...pieces: readonly (string | Buffer)[]) {
  const socket = connect({ host: "127.0.0.1", port });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const piece of pieces) socket.write(piece);
  const timer = setTimeout(() => socket.destroy(new Error("late")), answerMsMax);
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(timer);
  return Buffer.concat(chunks).toString("latin1");
}
