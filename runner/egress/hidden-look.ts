/**
 * Looks for secrets in what is compressed without a header that says so: what an ordinary program
 * would unpack, a host may have packed. The bytes themselves pass unchanged, since archives must
 * arrive whole, or they don't pass at all.
 */
import type { Transform } from "node:stream";
import { createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";

/** What is packed in what is packed, and so on: deeper nobody packs by accident. */
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
  /** What has come while it isn't known yet how it begins, or whether it ends in a secret. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #begin: Buffer | null = Buffer.alloc(0);
  #inside: Inside | null = null;

  constructor(plan: RedactionPlan, depth = 0) {
    this.#plan = plan;
    this.#depth = depth;
  }

  /** Whether nothing is packed in it, as its beginning says. */
  get isPlain(): boolean {
    return this.#begin === null && this.#inside === null;
  }

  /** @returns What may pass now. @throws {Error} When a secret was found. */
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

  /** @returns The rest. @throws {Error} When a secret was found. */
  async end(): Promise<Buffer> {
    await this.#inside?.end();
    return this.#release();
  }

  close(): void {
    this.#inside?.close();
  }

  /** Whether it is known how it begins. */
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
    // What is packed can go on for ever without saying anything.
    this.#heldBytes += piece.length;
    if (this.#heldBytes > heldBytesMax) throw new Error("the answer can't be looked into");
    return Buffer.alloc(0);
  }

  #release(): Buffer {
    this.#heldBytes = 0;
    return Buffer.concat(this.#held.splice(0));
  }
}

/** What one packed stream holds. */
class Inside {
  readonly #decoder: Transform;
  readonly #redactor: Redactor;
  readonly #look: HiddenLook;
  #looked: Promise<void> = Promise.resolve();
  #found: Error | null = null;
  /** It was no such stream after all, or what follows its end is none. */
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

  /** @returns Whether what has come so far may end within a secret. @throws {Error} */
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
