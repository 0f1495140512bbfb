import { StringDecoder } from "node:string_decoder";
import colours from "picocolors";
import { harmless, harmlessJson, harmlessLine } from "./terminal-text.ts";

type Stream = NodeJS.WriteStream;
type Colours = ReturnType<typeof colours.createColors>;

/** Data goes to stdout; everything else, which a pipe shouldn't carry, goes to stderr. */
export class Output {
  readonly isJson: boolean;
  readonly paint: Colours;
  readonly #out: Stream;
  readonly #err: Stream;
  readonly #decoder = new StringDecoder("utf8");

  constructor(options: { readonly isJson: boolean; readonly out?: Stream; readonly err?: Stream }) {
    this.isJson = options.isJson;
    this.#out = options.out ?? process.stdout;
    this.#err = options.err ?? process.stderr;
    this.paint = colours.createColors(hasColours(this.#err));
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** Text of others, unchanged in a pipe or a file. */
  async text(text: string): Promise<void> {
    await write(this.#out, this.isTerminal ? harmless(text) : text);
  }

  /** Bytes of others, unchanged in a pipe or a file. A terminal gets them as text. */
  async bytes(bytes: Uint8Array): Promise<void> {
    if (this.isTerminal) return await this.text(this.#decoder.write(Buffer.from(bytes)));
    await write(this.#out, bytes);
  }

  async line(text: string): Promise<void> {
    await this.text(`${text}\n`);
  }

  /** One line, so that a stream of them can be read line by line. */
  async json(value: unknown): Promise<void> {
    const text = JSON.stringify(value);
    await write(this.#out, `${this.isTerminal ? harmlessJson(text) : text}\n`);
  }

  /** Columns of text, the header for terminals alone. */
  async table(header: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
    const cells = rows.map((row) => row.map(harmlessLine));
    if (!this.isTerminal) {
      for (const row of cells) await this.line(row.join("\t"));
      return;
    }
    const widths = header.map((title, index) =>
      Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)),
    );
    for (const row of [header, ...cells]) {
      const padded = row.map((cell, index) => cell.padEnd(widths[index] ?? 0));
      await this.line(padded.join("  ").trimEnd());
    }
  }

  /** One line per field, with its name. */
  async fields(fields: Readonly<Record<string, string>>): Promise<void> {
    const width = Math.max(...Object.keys(fields).map((name) => name.length));
    for (const [name, value] of Object.entries(fields)) {
      await this.line(`${name.padEnd(width)}  ${harmlessLine(value)}`);
    }
  }

  note(text: string): void {
    this.#err.write(`${harmlessLine(text)}\n`);
  }

  done(text: string): void {
    this.#err.write(`${this.paint.green("✓")} ${harmlessLine(text)}\n`);
  }

  warning(text: string): void {
    this.#err.write(`${this.paint.yellow("!")} ${harmlessLine(text)}\n`);
  }

  failure(text: string): void {
    this.#err.write(`${this.paint.red("✗")} ${harmlessLine(text)}\n`);
  }
}

/** https://no-color.org: any value but an empty one. */
function hasColours(stream: Stream): boolean {
  const { NO_COLOR: noColour, TERM: terminal } = process.env;
  return stream.isTTY === true && !noColour && terminal !== "dumb";
}

async function write(stream: Stream, chunk: string | Uint8Array): Promise<void> {
  if (stream.write(chunk)) return;
  await new Promise((resolve) => stream.once("drain", resolve));
}
