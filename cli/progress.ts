import { harmlessLine } from "./terminal-text.ts";

const silentMs = 2_000;
const frameMs = 120;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/**
 * Says on stderr what is being waited for, once that has taken two seconds: on a terminal with the
 * time that has passed, else with one line.
 * @param what A function is asked each time, for what changes meanwhile.
 * @returns Ends it, and clears the terminal's line; may be called again.
 */
export function startProgress(
  what: string | (() => string),
  stream: NodeJS.WriteStream = process.stderr,
) {
  // It may name a file, whose name is a stranger's.
  const said = () => harmlessLine(typeof what === "string" ? what : what());
  const startedAt = performance.now();
  let frame = 0;
  let interval: NodeJS.Timeout | undefined;
  const draw = () => {
    const seconds = Math.floor((performance.now() - startedAt) / 1_000);
    frame = (frame + 1) % frames.length;
    stream.write(`\r${frames[frame]} ${said()} ${seconds} s`);
  };
  const timer = setTimeout(() => {
    if (stream.isTTY) interval = setInterval(draw, frameMs).unref();
    else stream.write(`${said()}…\n`);
  }, silentMs).unref();
  return () => {
    clearTimeout(timer);
    if (interval === undefined) return;
    clearInterval(interval);
    interval = undefined;
    stream.write("\r\x1b[K");
  };
}

export async function withProgress<T>(what: string | (() => string), task: Promise<T>): Promise<T> {
  const stop = startProgress(what);
  try {
    return await task;
  } finally {
    stop();
  }
}
