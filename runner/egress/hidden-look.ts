/**
 * Searches for secrets in compressed data without a header that announces it, because an ordinary
 * program would unpack what a host has packed. The bytes pass unchanged, since archives must arrive
 * whole, or they don't pass at all.
 */
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";
import { type PackedFormat, packedFormats } from "./packed-formats.ts";
import { PackedStream } from "./packed-stream.ts";

/** How deeply nested archives are searched; deeper nesting isn't accidental. */
const depthMax = 3;
const heldBytesMax = 1024 * 1024;
const nothing = Buffer.alloc(0);

export class HiddenLook {
  readonly #plan: RedactionPlan;
  readonly #depth: number;
  /** Bytes that wait until the format is known, or that may end inside a secret. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The first bytes while their format isn't known; null in a stream and in plain data. */
  #begin: Buffer | null = nothing;
  #inside: Inside | null = null;

  constructor(plan: RedactionPlan, depth = 0) {
    this.#plan = plan;
    this.#depth = depth;
  }

  /** Whether the bytes to come aren't compressed. */
  get isPlain(): boolean {
    return this.#begin === null && this.#inside === null;
  }

  /** Whether bytes must wait for those that follow. */
  get isHolding(): boolean {
    return this.#inside?.isHolding ?? (this.#begin !== null && this.#begin.length > 0);
  }

  /** @returns The bytes that may pass now. @throws {Error} If a secret was found. */
  async at(piece: Buffer): Promise<Buffer> {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    let rest = piece;
    while (rest.length > 0 && !this.isPlain) rest = await this.#take(rest);
    if (!this.isHolding) return this.#release();
    // A compressed stream may go on for ever without producing output, so held bytes are bounded.
    if (this.#heldBytes > heldBytesMax) throw new Error("the answer can't be looked into");
    return nothing;
  }

  /** @returns The rest. @throws {Error} If a secret was found. */
  async end(): Promise<Buffer> {
    await this.#inside?.end();
    return this.#release();
  }

  close(): void {
    this.#inside?.close();
  }

  /** @returns What wasn't taken: it follows a stream's end, and may begin another one. */
  async #take(bytes: Buffer): Promise<Buffer> {
    if (this.#inside !== null) {
      const rest = await this.#inside.write(bytes);
      if (rest === null) return nothing;
      await this.#inside.end();
      this.#inside = null;
      this.#begin = nothing;
      return rest;
    }
    const begin = Buffer.concat([this.#begin ?? nothing, bytes]);
    const format = this.#formatOf(begin);
    this.#begin = format === undefined ? begin : null;
    if (!format) return nothing;
    this.#inside = new Inside(format, this.#plan, this.#depth + 1);
    return begin;
  }

  /** Null for plain data; undefined if more bytes are needed to tell. */
  #formatOf(begin: Buffer): PackedFormat | null | undefined {
    if (this.#depth >= depthMax) return null;
    const isPossible = packedFormats.some(({ matches }) => matches(begin) === undefined);
    return packedFormats.find(({ matches }) => matches(begin)) ?? (isPossible ? undefined : null);
  }

  #release(): Buffer {
    this.#heldBytes = 0;
    return Buffer.concat(this.#held.splice(0));
  }
}

/** The content of one compressed stream. */
class Inside {
  readonly #stream: PackedStream;
  readonly #redactor: Redactor;
  readonly #look: HiddenLook;
  #looked: Promise<void> = Promise.resolve();
  #found: Error | null = null;

  constructor(format: PackedFormat, plan: RedactionPlan, depth: number) {
    this.#stream = new PackedStream(format, (piece) => this.#see(piece));
    this.#redactor = new Redactor(plan);
    this.#look = new HiddenLook(plan, depth);
  }

  /** Whether the data so far may end inside a secret. */
  get isHolding(): boolean {
    return this.#redactor.holdsTelling || this.#look.isHolding;
  }

  /** @returns The bytes that follow the stream's end; null if it hasn't ended. @throws {Error} */
  async write(piece: Buffer): Promise<Buffer | null> {
    const rest = await this.#stream.write(piece);
    await this.#looked;
    if (this.#found !== null) throw this.#found;
    return rest;
  }

  /** @throws {Error} If a secret was found. */
  async end(): Promise<void> {
    this.#redactor.end();
    await this.#look.end();
    this.close();
    if (this.#redactor.hasFound) throw secretInside();
  }

  close(): void {
    this.#stream.close();
    this.#look.close();
  }

  #see(piece: Buffer): void {
    this.#redactor.write(piece.toString("latin1"));
    if (this.#redactor.hasFound) this.#found = secretInside();
    if (this.#look.isPlain) return;
    this.#looked = this.#looked
      .then(() => this.#look.at(piece))
      .then(
        () => undefined,
        (error: unknown) => {
          this.#found = error instanceof Error ? error : secretInside();
        },
      );
  }
}

function secretInside(): Error {
  return new Error("the answer held a secret, compressed");
}
