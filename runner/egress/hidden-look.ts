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
/** So many are joined, because each takes some hundred bytes beside its own. */
const heldPiecesMax = 256;
const nothing = Buffer.alloc(0);

export class HiddenLook {
  readonly #plan: RedactionPlan;
  readonly #depth: number;
  /** Bytes that haven't passed. The last of them aren't looked at yet. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Bytes that wait until the format is known. */
  #waiting: Buffer = nothing;
  /** How many bytes before those were looked at and may end inside a secret. */
  #unsafeBytes = 0;
  #stream: PackedStream | null = null;
  /** How many bytes the stream has taken. */
  #takenBytes = 0;
  /** What streams one behind another hold together, since ordinary programs join it. */
  #content: Content | null = null;
  #isPlain = false;
  #isClosed = false;

  constructor(plan: RedactionPlan, depth = 0) {
    this.#plan = plan;
    this.#depth = depth;
  }

  /** Whether the bytes to come aren't compressed. */
  get isPlain(): boolean {
    return this.#isPlain;
  }

  /** Whether bytes must wait for those that follow. */
  get isHolding(): boolean {
    return this.#heldBytes > 0;
  }

  /** @returns The bytes that may pass now. @throws {Error} If a secret was found. */
  async at(piece: Buffer): Promise<Buffer> {
    this.#held.push(piece);
    if (this.#held.length > heldPiecesMax) this.#held = [Buffer.concat(this.#held)];
    this.#heldBytes += piece.length;
    let rest = Buffer.concat([this.#waiting, piece]);
    while (rest.length > 0 && !this.#isPlain && !this.#isClosed) {
      const takenBytes = await this.#take(rest);
      if (takenBytes === null) break;
      rest = rest.subarray(takenBytes);
      this.#unsafeBytes = this.#isSettled ? 0 : this.#unsafeBytes + takenBytes;
    }
    this.#waiting = this.#isPlain ? nothing : rest;
    const released = this.#release(this.#unsafeBytes + this.#waiting.length);
    // A compressed stream may go on for ever without producing output, so held bytes are bounded.
    if (this.#heldBytes > heldBytesMax) throw cantLook();
    return released;
  }

  /** @returns The rest. @throws {Error} If a secret was found, or may be in what is missing. */
  async end(): Promise<Buffer> {
    await this.#endContent();
    if (this.#stream?.isSettled === false) throw cantLook();
    return this.#release(0);
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.close();
    this.#content?.close();
  }

  get #isSettled(): boolean {
    return (this.#stream?.isSettled ?? true) && !(this.#content?.isHolding ?? false);
  }

  /** @returns How many bytes it took; null if it needs more to tell their format. */
  async #take(bytes: Buffer): Promise<number | null> {
    if (this.#stream === null) {
      const padding = this.#content === null ? 0 : countZeros(bytes);
      if (padding > 0) return padding;
      const format = this.#formatOf(bytes);
      if (format === undefined) return null;
      if (format === null) return await this.#takeAsPlain(bytes);
      this.#content ??= new Content(this.#plan, this.#depth + 1);
      const content = this.#content;
      this.#stream = new PackedStream(format, (piece) => content.see(piece));
      this.#takenBytes = 0;
    }
    const stream = this.#stream;
    const taken = await stream.take(bytes);
    this.#takenBytes += taken.bytes;
    await this.#content?.looked();
    if (!taken.isOver) return taken.bytes;
    this.#stream = null;
    stream.close();
    if (stream.isDamaged) throw cantLook();
    // What can't be decoded at all would be taken for the same stream again, for ever.
    return this.#takenBytes === 0 ? await this.#takeAsPlain(bytes) : taken.bytes;
  }

  async #takeAsPlain(bytes: Buffer): Promise<number> {
    await this.#endContent();
    this.#isPlain = true;
    return bytes.length;
  }

  async #endContent(): Promise<void> {
    const content = this.#content;
    this.#content = null;
    await content?.end();
  }

  /** Null for plain data; undefined if more bytes are needed to tell. */
  #formatOf(begin: Buffer): PackedFormat | null | undefined {
    if (this.#depth >= depthMax) return null;
    const isPossible = packedFormats.some(({ matches }) => matches(begin) === undefined);
    return packedFormats.find(({ matches }) => matches(begin)) ?? (isPossible ? undefined : null);
  }

  /** @returns All but the last bytes. */
  #release(keptBytes: number): Buffer {
    if (keptBytes === this.#heldBytes) return nothing;
    const all = Buffer.concat(this.#held);
    const safe = all.subarray(0, all.length - keptBytes);
    this.#held = keptBytes === 0 ? [] : [all.subarray(safe.length)];
    this.#heldBytes = keptBytes;
    return safe;
  }
}

/** What was decoded from compressed streams that follow one another. */
class Content {
  readonly #redactor: Redactor;
  readonly #look: HiddenLook;
  #looked: Promise<void> = Promise.resolve();
  #found: Error | null = null;

  constructor(plan: RedactionPlan, depth: number) {
    this.#redactor = new Redactor(plan);
    this.#look = new HiddenLook(plan, depth);
  }

  /** Whether the data so far may end inside a secret. */
  get isHolding(): boolean {
    return this.#redactor.holdsTelling || this.#look.isHolding;
  }

  see(piece: Buffer): void {
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

  /** Fulfilled when all that was seen is looked into. @throws {Error} If a secret was found. */
  async looked(): Promise<void> {
    await this.#looked;
    if (this.#found !== null) throw this.#found;
  }

  /** @throws {Error} If a secret was found. */
  async end(): Promise<void> {
    await this.looked();
    this.#redactor.end();
    await this.#look.end();
    this.close();
    if (this.#redactor.hasFound) throw secretInside();
  }

  close(): void {
    this.#look.close();
  }
}

/**
 * How many zeros the bytes begin with. Behind a stream, programs skip them as the padding of a disk
 * or tape, and read the next stream.
 */
function countZeros(bytes: Buffer): number {
  const end = bytes.findIndex((byte) => byte !== 0);
  return end === -1 ? bytes.length : end;
}

function cantLook(): Error {
  return new Error("the answer can't be looked into");
}

function secretInside(): Error {
  return new Error("the answer held a secret, compressed");
}
