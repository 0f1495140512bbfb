/**
 * What reading a repository may cost one request. One process reads the repositories of many
 * owners, so everything that grows with a repository is drawn from here before it is allocated or
 * looped over.
 */
import { tooMuch } from "./git-fault.ts";

const mebibyte = 1024 * 1024;

/** Three repositories are read at a time, in a function of a gibibyte. */
export const readLimits = {
  /** Bytes that are held at once, strings and lists among them, as an estimate from above. */
  keptBytes: 128 * mebibyte,
  /** Bytes and reads from the store. */
  readBytes: 128 * mebibyte,
  reads: 4_000,
  unpackedBytes: 192 * mebibyte,
  objects: 20_000,
  /** The answer, as JSON. */
  answerBytes: 8 * mebibyte,
  /** In units of about ten nanoseconds. Long reads rest twice as long as they work. */
  work: 300_000_000,
} as const;

export type Cost = keyof typeof readLimits;

/** Work between two pauses: two or three milliseconds. */
export const workPerPause = 250_000;
/** What is done without a pause is refused beyond this: some tens of milliseconds. */
export const workPerBlock = 4_000_000;

export class ReadBudget {
  readonly #left: Record<Cost, number> = { ...readLimits };
  readonly #check: () => void;
  readonly #breathe: () => Promise<unknown>;
  #sincePause = 0;
  #longestBlock = 0;

  /**
   * @param check Throws if the time is over, or nobody waits any more.
   * @param breathe Lets other requests go on.
   */
  constructor(how: { readonly check: () => void; readonly breathe: () => Promise<unknown> }) {
    this.#check = how.check;
    this.#breathe = how.breathe;
  }

  /** @throws {GitFault} If there isn't so much left. */
  spend(what: Cost, amount: number): void {
    this.#left[what] -= amount;
    if (!(this.#left[what] >= 0)) throw tooMuch();
  }

  /** Gives back what isn't held any more, or was drawn as an upper bound. */
  refund(what: Cost, amount: number): void {
    this.#left[what] += amount;
  }

  /** What a string takes: characters may have two bytes each. */
  keepText(text: string, more: number): void {
    this.spend("keptBytes", 2 * text.length + more);
  }

  /** Text of the answer, as often as it is listed there, and as much around it. */
  answer(text: string, { times, more }: { readonly times: number; readonly more: number }): void {
    this.work(text.length);
    this.spend("answerBytes", times * (Buffer.byteLength(JSON.stringify(text)) + more));
  }

  /**
   * Draws work that is about to be done.
   * @returns Whether a pause is due; then the caller pauses, or yields to one that does.
   */
  work(units: number): boolean {
    this.spend("work", units);
    this.#sincePause += units;
    this.#longestBlock = Math.max(this.#longestBlock, this.#sincePause);
    if (this.#sincePause > workPerBlock) throw tooMuch();
    if (this.#sincePause < workPerPause) return false;
    this.#check();
    return true;
  }

  pause(): Promise<void> {
    return this.#breathe().then(() => {
      this.#sincePause = 0;
      this.#check();
    });
  }

  spent(what: Cost): number {
    return readLimits[what] - this.#left[what];
  }

  /** The most work that was done between two pauses. */
  get longestBlock(): number {
    return this.#longestBlock;
  }
}
