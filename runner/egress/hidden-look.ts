/**
 * Searches for secrets in compressed data without a header that announces it, because an ordinary
 * program would unpack what a host has packed. The bytes pass unchanged, since archives must arrive
 * whole, or they don't pass at all.
 */
import type { Transform } from "node:stream";
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";

/** How deeply nested archives are searched; deeper nesting isn't accidental. */
const depthMax = 3;
const heldBytesMax = 1024 * 1024;
const openings: readonly (readonly [begin: readonly number[], make: () => Transform])[] = [
  [[0x1f, 0x8b], createGunzip],
  [[0x78, 0x01], createInflate],
  [[0x78, 0x5e], createInflate],
  [[0x78, 0x9c], createInflate],
  [[0x78, 0xda], createInflate],
  [[0x28, 0xb5, 0x2f, 0xfd], createZstdDecompress],
];

export class HiddenLook {
  readonly #plan: RedactionPlan;
  readonly #depth: number;
  /** Bytes that wait until the format is known, or that may end inside a secret. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #begin: Buffer | null = Buffer.alloc(0);
  #inside: Inside | null = null;

  constructor(plan: RedactionPlan, depth = 0) {
    this.#plan = plan;
    this.#depth = depth;
  }

  /** Whether the data's beginning shows that it isn't compressed. */
  get isPlain(): boolean {
    return this.#begin === null && this.#inside === null;
  }

  /** @returns The bytes that may pass now. @throws {Error} If a secret was found. */
  async at(piece: Buffer): Promise<Buffer> {
    this.#held.push(piece);
    if (this.#begin !== null) {
      this.#begin = Buffer.concat([this.#begin, piece]);
      if (!this.#decide(this.#begin)) return Buffer.alloc(0);
      const begun = this.#begin;
      this.#begin = null;
      return await this.#pass(begun);
    }
    return await this.#pass(piece);
  }

  /** @returns The rest. @throws {Error} If a secret was found. */
  async end(): Promise<Buffer> {
    await this.#inside?.end();
    return this.#release();
  }

  close(): void {
    this.#inside?.close();
  }

  /** Decides the format from the beginning; false if more bytes are needed. */
  #decide(begin: Buffer): boolean {
    if (this.#depth >= depthMax) return true;
    const possible = openings.filter(([bytes]) =>
      bytes.every((byte, index) => index >= begin.length || begin[index] === byte),
    );
    const [found] = possible;
    if (found === undefined) return true;
    if (begin.length < found[0].length) return false;
    this.#inside = new Inside(found[1](), this.#plan, this.#depth + 1);
    return true;
  }

  async #pass(piece: Buffer): Promise<Buffer> {
    const isOpen = (await this.#inside?.write(piece)) ?? false;
    if (!isOpen) return this.#release();
    // A compressed stream may go on for ever without producing output, so held bytes are bounded.
    this.#heldBytes += piece.length;
    if (this.#heldBytes > heldBytesMax) throw new Error("the answer can't be looked into");
    return Buffer.alloc(0);
  }

  #release(): Buffer {
    this.#heldBytes = 0;
    return Buffer.concat(this.#held.splice(0));
  }
}

/** The content of one compressed stream. */
class Inside {
  readonly #decoder: Transform;
  readonly #redactor: Redactor;
  readonly #look: HiddenLook;
  #looked: Promise<void> = Promise.resolve();
  #found: Error | null = null;
  /** It wasn't a compressed stream after all, or the bytes after its end aren't part of it. */
  #isOver: boolean = false;

  constructor(decoder: Transform, plan: RedactionPlan, depth: number) {
    this.#decoder = decoder;
    this.#redactor = new Redactor(plan);
    this.#look = new HiddenLook(plan, depth);
    decoder.on("data", (piece: Buffer) => this.#see(piece));
    for (const event of ["end", "error", "close"]) {
      decoder.on(event, () => {
        this.#isOver = true;
      });
    }
  }

  /** @returns Whether the data so far may end inside a secret. @throws {Error} */
  async write(piece: Buffer): Promise<boolean> {
    if (!this.#isOver) await this.#feed(piece);
    await this.#looked;
    if (this.#found !== null) throw this.#found;
    return this.#redactor.holdsTelling;
  }

  async end(): Promise<void> {
    this.#redactor.end();
    await this.#looked;
    await this.#look.end();
    if (this.#redactor.hasFound) throw secretInside();
    this.close();
  }

  close(): void {
    this.#decoder.destroy();
    this.#look.close();
  }

  #feed(piece: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const over = () => resolve();
      this.#decoder.once("close", over);
      this.#decoder.write(piece, () => {
        this.#decoder.off("close", over);
        resolve();
      });
    });
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
