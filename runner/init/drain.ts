/**
 * Decides how long a script's output is read after its end. Programs that it started may still
 * write: the shell doesn't wait for a program that its output passes through (`exec > >(tee log)`).
 */
import { fstatSync, readdirSync, type Stats, statSync } from "node:fs";
import type { Socket } from "node:net";

export interface DrainTimes {
  /** If no byte comes for this long and no filter is left, the output is over. */
  readonly quietMs: number;
  /** The total time; a program that never stops is cut off here. */
  readonly boundMs: number;
}

export const drainTimes: DrainTimes = { quietMs: 100, boundMs: 10_000 };

export interface Drain {
  /** Call it for each piece of output. */
  heard(): void;
  /** Calls back once; `cut` is true if more would have come. */
  end(done: (cut: boolean) => void): void;
}

/**
 * @param isPassedOn Whether a process is left that reads from elsewhere and writes to this output.
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
        // If our own reader is blocked, the pipe isn't quiet.
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

/** Whether it reads from a pipe or socket and writes to `output`; a leftover server doesn't. */
function isFilter(pid: string, output: Stats): boolean {
  const [input, ...outputs] = [0, 1, 2].map((name) => statOf(`/proc/${pid}/fd/${name}`));
  const reads = input?.isFIFO() === true || input?.isSocket() === true;
  return reads && outputs.some((each) => each?.ino === output.ino && each.dev === output.dev);
}

/** Undefined if it isn't open, isn't readable for us, or has just ended. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
