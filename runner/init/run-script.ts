/** Runs one script and sends its output, then its end. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, constants, openSync, rmSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { type Drain, drainTimes, passesOn, watchDrain } from "./drain.ts";
import { codeOf } from "./error-code.ts";
import { encodeFrame, kinds } from "./frames.ts";
import type { RunEnded, RunRequest } from "./messages.ts";
import { scriptText } from "./script-text.ts";
import { baseEnvironment, preferredVictim, shellPath } from "./shell-start.ts";
import { startFailure } from "./start-failure.ts";

const files = { script: "/tmp/task.sh", output: "/tmp/.output" };
const cutNotice = `
[Output is cut here: what the script left running wrote on for ${drainTimes.boundMs / 1_000} s after its end.]
`;
/** The shell's own code for "found, but couldn't be run". */
const notStarted: RunEnded = { code: 126, signal: null };

/** Signals every process but process 1 and this one. */
export function signalAll(): void {
  try {
    process.kill(-1, "SIGTERM");
  } catch {
    // No process was left.
  }
}

export function runScript(supervisor: Socket, { script, environment }: RunRequest): void {
  const finish = (ended: RunEnded) => {
    supervisor.write(encodeFrame(kinds.ended, JSON.stringify(ended)));
  };
  const fail = (error: unknown) => {
    const why = unusableIn(script, environment) ?? startFailure(codeOf(error));
    supervisor.write(encodeFrame(kinds.output, `The script couldn't be started: ${why}\n`));
    finish(notStarted);
  };
  try {
    writeFileSync(files.script, scriptText(script), { mode: 0o600 });
    const output = openPipe();
    const child = start(environment, output.writer);
    closeSync(output.writer);
    const drain = watchDrain(output.reader, output.isPassedOn);
    forward(output.reader, { supervisor, drain });
    child.on("error", (error) => {
      output.reader.destroy();
      fail(error);
    });
    whenEnded(child, drain, (ended, isCut) => {
      output.reader.destroy();
      if (isCut) supervisor.write(encodeFrame(kinds.output, cutNotice));
      finish(ended);
    });
  } catch (error) {
    fail(error);
  }
}

/** Names what the system couldn't accept. Node's own message about it would quote the value. */
function unusableIn(script: string, environment: RunRequest["environment"]): string | null {
  const [name] = Object.entries(environment).find((pair) => pair.join("").includes("\u0000")) ?? [];
  if (name === undefined && !script.includes("\u0000")) return null;
  const what = name === undefined ? "the script" : `the variable ${name.replaceAll("\u0000", "")}`;
  return `${what} holds the character U+0000; send it without.`;
}

/** Node's own pipes are sockets, and opening `/dev/stdout` fails on those. */
function openPipe() {
  rmSync(files.output, { force: true });
  execFileSync("/usr/bin/mkfifo", ["-m", "600", files.output]);
  const reading = openSync(files.output, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(files.output, constants.O_WRONLY);
  rmSync(files.output);
  const reader = new Socket({ fd: reading, readable: true, writable: false });
  return { reader, writer, isPassedOn: passesOn(reading) };
}

function start(environment: RunRequest["environment"], output: number): ChildProcess {
  return spawn("/bin/sh", ["-c", preferredVictim, "sh", shellPath(), files.script], {
    cwd: "/workspace",
    env: { ...baseEnvironment(), ...environment },
    stdio: ["ignore", output, output],
    detached: true,
  });
}

interface Forwarding {
  readonly supervisor: Socket;
  readonly drain: Drain;
}

function forward(output: Socket, { supervisor, drain }: Forwarding): void {
  output.on("data", (chunk: Buffer) => {
    drain.heard();
    if (supervisor.write(encodeFrame(kinds.output, chunk))) return;
    output.pause();
    supervisor.once("drain", () => output.resume());
  });
  // A broken pipe counts as its end.
  output.on("error", () => undefined);
}

function whenEnded(
  child: ChildProcess,
  drain: Drain,
  report: (ended: RunEnded, isCut: boolean) => void,
): void {
  child.on("exit", (code, signal) => drain.end((isCut) => report({ code, signal }, isCut)));
}
