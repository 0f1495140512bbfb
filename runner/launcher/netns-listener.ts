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
import { proxyPort } from "../egress/proxy-environment.ts";

/** The argument that starts the launcher for this. */
export const listenerArgument = "listener";
const timeoutMs = 10_000;
/** The sandbox's network has only a loopback, which may not be up yet. */
const anyAddress = "0.0.0.0";

/** The work of the process that enters the sandbox's network. @returns Its exit code. */
export async function makeListener(): Promise<number> {
  const listener = createServer().listen(proxyPort, anyAddress);
  await once(listener, "listening");
  await sendListener((message, sent) => process.send?.(message, listener, {}, sent));
  return 0;
}

/**
 * Makes the listener of the sandbox whose first process is `pid`, and sends it to the supervisor.
 *
 * @param self Path of the launcher's own program.
 */
export async function openListener(
  supervisor: ChildProcess,
  { pid, self }: { readonly pid: number; readonly self: string },
): Promise<{ opened: true }> {
  const parameters = [`--net=/proc/${pid}/ns/net`, "--", process.execPath, self, listenerArgument];
  const maker = spawn("nsenter", parameters, {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    timeout: timeoutMs,
  });
  const failed = once(maker, "exit").then(() => Promise.reject(new Fault("No listener was made.")));
  failed.catch(() => undefined);
  const [, listener]: unknown[] = await Promise.race([once(maker, "message"), failed]);
  if (!(listener instanceof Server)) throw new Fault("What was made isn't a listener.");
  try {
    await sendListener((message, sent) => supervisor.send(message, listener, {}, sent));
  } finally {
    listener.close();
  }
  return { opened: true };
}

/** The supervisor's end; start waiting before the listener is requested. */
export async function receiveDoor(): Promise<Server> {
  const [, listener]: unknown[] = await once(process, "message");
  if (process.connected) process.disconnect();
  if (!(listener instanceof Server)) throw new Fault("What was sent isn't a listener.");
  return listener;
}

function sendListener(
  send: (message: string, sent: (error: Error | null) => void) => unknown,
): Promise<void> {
  return new Promise((resolve, reject) => {
    send(listenerArgument, (error) => (error === null ? resolve() : reject(error)));
  });
}
