/**
 * How long a script's output is read after its end. What it started may still be writing: the
 * shell doesn't wait for a program that its output passes through (`exec > >(tee log)`).
 */
import { fstatSync, readdirSync, type Stats, statSync } from "node:fs";
import type { Socket } from "node:net";

export interface DrainTimes {
  /** Without a byte for so long, and nothing that passes output on, and it is over. */
  readonly quietMs: number;
  /** In all; a program that never stops is cut here. */
  readonly boundMs: number;
}

export const drainTimes: DrainTimes = { quietMs: 100, boundMs: 10_000 };

export interface Drain {
  /** To be told of each piece of output. */
  heard(): void;
  /** Calls back once: `cut` when more would have come. */
  end(done: (cut: boolean) => void): void;
}

/**
 * @param isPassedOn Whether something is left that reads from elsewhere and writes to this output.
 */
export function watchDrain(
  output: Socket,
  isPassedOn: () => boolean,
  times: DrainTimes = drainTimes,
): Drain {
  let heardAtMs = 0;
  return {
    heard: () => {
      heardAtMs = performance.now();
    },
    end: (done) => {
      if (output.closed) return done(false);
      const endedAtMs = performance.now();
      const timer = setInterval(() => {
        const nowMs = performance.now();
        // Held back by the one who reads us, it isn't quiet.
        const isQuiet =
          !output.isPaused() && nowMs - Math.max(heardAtMs, endedAtMs) >= times.quietMs;
        if (isQuiet && !isPassedOn()) finish(false);
        else if (nowMs - endedAtMs >= times.boundMs) finish(true);
      }, times.quietMs / 2);
      const close = () => finish(false);
      output.once("close", close);
      function finish(cut: boolean): void {
        clearInterval(timer);
        output.off("close", close);
        done(cut);
      }
    },
  };
}

/** @param reader Our end of the pipe that the script writes to. */
export function passesOn(reader: number): () => boolean {
  const pipe = fstatSync(reader);
  return () => readdirSync("/proc").some((name) => /^\d+$/.test(name) && isFilter(name, pipe));
}

/** Reads from a pipe or a socket, and writes to `output`: a server that was left doesn't. */
function isFilter(pid: string, output: Stats): boolean {
  const [input, ...outputs] = [0, 1, 2].map((name) => statOf(`/proc/${pid}/fd/${name}`));
  const reads = input?.isFIFO() === true || input?.isSocket() === true;
  return reads && outputs.some((each) => each?.ino === output.ino && each.dev === output.dev);
}

/** Undefined for what isn't open, isn't ours to see, or has just ended. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
