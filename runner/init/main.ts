import { Socket } from "node:net";
import type { Calls } from "./calls.ts";
import { encodeFrame, FrameReader, kinds } from "./frames.ts";
import { probe } from "./isolation-probe.ts";
import { type CallRequest, type RunRequest, toInitBytesMax } from "./messages.ts";
import { refuseAll } from "./no-way-out.ts";
import { runScript, signalAll } from "./run-script.ts";

/** What ends a program that doesn't handle it, and what opens Node's debugger. */
const signals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGALRM",
  "SIGUSR1",
  "SIGUSR2",
] as const;

/**
 * A task may end programs by their names or all at once, as one does to stop a server: `pkill -f
 * node`. This one isn't meant, and the sandbox would end with it.
 */
function standAside(): void {
  process.title = "(init)";
  for (const signal of signals) process.on(signal, () => undefined);
}

/** Runs the init until its process ends. */
export function main(): void {
  standAside();
  const supervisor = new Socket({ fd: 0, readable: true, writable: true });
  const reader = new FrameReader(toInitBytesMax);

  let refusing: Promise<unknown> | undefined;
  const refuse = async (port: number | null) => {
    if (port === null) return;
    refusing ??= refuseAll(port, (attempt) =>
      supervisor.write(encodeFrame(kinds.refused, JSON.stringify(attempt))),
    );
    await refusing;
  };
  const run = async (request: RunRequest) => {
    await refuse(request.refusingPort);
    runScript(supervisor, request);
  };
  // Loaded by the first call, because most executions make none.
  let calls: Promise<Calls> | undefined;
  const call = async (request: CallRequest) => {
    calls ??= import("./calls.ts").then((loaded) => new loaded.Calls(supervisor));
    if (request.do === "shell") await refuse(request.refusingPort);
    // What is written to a server comes right behind it, so nothing is waited for.
    if (request.do === "serve") void refuse(request.refusingPort);
    await (await calls).do(request);
  };

  // If the supervisor ends for any reason, so does the sandbox, because process 1 waits for this
  // one.
  for (const event of ["end", "close", "error"]) supervisor.on(event, () => process.exit(0));

  // Node would print the message, which may quote a script or a variable.
  process.on("uncaughtException", () => process.exit(1));

  supervisor.on("data", (chunk: Buffer) => {
    for (const { kind, payload } of reader.read(chunk)) {
      if (kind === kinds.run) void run(JSON.parse(payload.toString("utf8")));
      if (kind === kinds.signal) signalAll();
      if (kind === kinds.call) void call(JSON.parse(payload.toString("utf8")));
      if (kind === kinds.callInput) void calls?.then((loaded) => loaded.input(payload));
    }
  });
  void probe().then((report) => supervisor.write(encodeFrame(kinds.probe, JSON.stringify(report))));
}
