/** Speaks MCP with a program in the sandbox: a line of JSON each way. */
import {
  deserializeMessage,
  type JSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import { Pieces } from "#shared/http/pieces";
import type { Hold } from "../../../egress/fetch-by-policy.ts";
import { ValueCount } from "../../../egress/value-count.ts";
import type { ServedProgram } from "../../model.ts";

const lineFeed = 0x0a;
/**
 * Answers to what the server asks of its own accord. They wait in this process for as long as it
 * doesn't read them, so one that only asks is ended.
 */
const answersMax = { count: 10_000, bytes: 8 * 1024 * 1024 };

export type StartProgram = (onOutput: (bytes: Uint8Array) => void) => ServedProgram | null;

export class StdioTransport implements Transport {
  readonly #startProgram: StartProgram;
  readonly #mayRead: (bytes: number) => boolean;
  readonly #hold: Hold;
  readonly #values = new ValueCount("line");
  #program: ServedProgram | null = null;
  /** Bytes and no text, because a program may write them one by one. */
  readonly #line = new Pieces();
  #isClosed = false;
  #answers = 0;
  #answersBytes = 0;
  /** How it ended by itself, in our words. */
  ended: string | null = null;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /**
   * @param mayRead Asked for each piece of output; false ends the server.
   * @param hold For the line that hasn't ended; one that doesn't fit ends the server.
   */
  constructor(startProgram: StartProgram, mayRead: (bytes: number) => boolean, hold: Hold) {
    this.#startProgram = startProgram;
    this.#mayRead = mayRead;
    this.#hold = hold;
  }

  async start(): Promise<void> {
    this.#program = this.#startProgram((bytes) => this.#read(bytes));
    if (this.#program === null) throw new Error("The sandbox has ended.");
    void this.#program.ended.then((end) => {
      if (!this.#isClosed) this.ended = endOf(end);
      this.#closed();
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#isClosed || this.#program === null) throw new Error("It has ended.");
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    if (!("method" in message)) {
      this.#answers += 1;
      this.#answersBytes += bytes.length;
    }
    if (this.#answers > answersMax.count || this.#answersBytes > answersMax.bytes) {
      await this.#end("It asked too much.");
      throw new Error("It asked too much.");
    }
    this.#program.write(bytes);
  }

  async #end(why: string): Promise<void> {
    if (!this.#isClosed) this.ended = why;
    await this.close();
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#program?.write(new Uint8Array());
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hold(-this.#line.bytes);
    this.#line.clear();
    this.onclose?.();
  }

  #read(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#mayRead(bytes.length) || !this.#values.take(bytes))
      return void this.#end("It sent too much.");
    // What is kept must not keep the whole piece that it came in.
    const piece = Buffer.from(bytes);
    for (let start = 0; start < piece.length && !this.#isClosed; ) {
      const found = piece.indexOf(lineFeed, start);
      const end = found < 0 ? piece.length : found;
      if (!this.#hold(end - start)) return void this.#end("It sent too much.");
      this.#line.add(piece.subarray(start, end));
      if (found >= 0) this.#endLine();
      start = end + 1;
    }
  }

  #endLine(): void {
    this.#hold(-this.#line.bytes);
    const line = this.#line.take().toString("utf8").trim();
    if (line === "") return;
    try {
      this.onmessage?.(deserializeMessage(line));
    } catch (error) {
      // Many servers print something of their own among their messages.
      this.onerror?.(error instanceof Error ? error : new Error("It sent what is no message."));
    }
  }
}

/** The shell's own codes say that a command doesn't exist or can't be run. */
function endOf(end: Awaited<ServedProgram["ended"]>): string {
  if (end === null) return "The sandbox has ended.";
  if (end.end === "output_limit") return "It wrote too much.";
  if (end.status === 127) return "There is no such command in the sandbox.";
  if (end.status === 126) return "Its command can't be run.";
  return `It ended with exit code ${end.status ?? "unknown"}.`;
}
