/**
 * Makes the listener of a sandbox's proxy: a socket that listens inside the sandbox's network and
 * is served outside of it. A socket stays in the network where it was made. So a short-lived
 * process enters that network, makes the socket and hands it over, and nothing of ours stays
 * inside.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, Server } from "node:net";
import { Fault } from "#shared/core/fault";
import { modelPort, proxyPort } from "../egress/proxy-environment.ts";

/** The argument that starts the launcher for this. */
export const listenerArgument = "listener";
const timeoutMs = 10_000;
/** The sandbox's network has only a loopback, which may not be up yet. */
const anyAddress = "0.0.0.0";

/** The ports that a sandbox may listen at for us. */
const known: readonly number[] = [proxyPort, modelPort];

/** @throws {Fault} If one of them isn't ours. */
export function knownPorts(asked: unknown): number[] {
  const ports = Array.isArray(asked) ? asked.map(Number) : [];
  const areKnown = ports.length > 0 && ports.every((port) => known.includes(port));
  if (!areKnown || new Set(ports).size < ports.length) throw new Fault("No such listener.");
  return ports;
}

/** The work of the process that enters the sandbox's network. @returns Its exit code. */
export async function makeListeners(ports: readonly string[]): Promise<number> {
  for (const port of knownPorts([...ports])) {
    const listener = createServer().listen(port, anyAddress);
    await once(listener, "listening");
    await sendListener((message, sent) => process.send?.(message, listener, {}, sent));
  }
  return 0;
}

/**
 * Makes the listeners of the sandbox whose first process is `pid`, and sends them to the supervisor
 * in the order of the ports.
 *
 * @param self Path of the launcher's own program.
 */
export async function openListeners(
  supervisor: ChildProcess,
  { pid, self }: { readonly pid: number; readonly self: string },
  ports: readonly number[],
): Promise<{ opened: true }> {
  const program = [process.execPath, self, listenerArgument, ...ports.map(String)];
  const maker = spawn("nsenter", [`--net=/proc/${pid}/ns/net`, "--", ...program], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    timeout: timeoutMs,
  });
  const failed = once(maker, "exit").then(() => Promise.reject(new Fault("No listener was made.")));
  failed.catch(() => undefined);
  const made = await Promise.race([receiveListeners(maker, ports.length), failed]);
  try {
    for (const listener of made) {
      await sendListener((message, sent) => supervisor.send(message, listener, {}, sent));
    }
  } finally {
    for (const listener of made) listener.close();
  }
  return { opened: true };
}

/** The supervisor's end; start waiting before the listeners are requested. */
export async function receiveDoors(count: number): Promise<Server[]> {
  const doors = await receiveListeners(process, count);
  if (process.connected) process.disconnect();
  return doors;
}

function receiveListeners(from: NodeJS.EventEmitter, count: number): Promise<Server[]> {
  const received: Server[] = [];
  return new Promise((resolve, reject) => {
    const take = (_message: unknown, listener: unknown) => {
      if (!(listener instanceof Server)) return reject(new Fault("That isn't a listener."));
      received.push(listener);
      if (received.length < count) return;
      from.off("message", take);
      resolve(received);
    };
    from.on("message", take);
  });
}

function sendListener(
  send: (message: string, sent: (error: Error | null) => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    send(listenerArgument, (error) => (error === null ? resolve() : reject(error)));
  });
}
