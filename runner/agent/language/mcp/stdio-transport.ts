/** Speaks MCP with a program in the sandbox: a line of JSON each way. */
import { StringDecoder } from "node:string_decoder";
import {
  deserializeMessage,
  type JSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import type { ServedProgram } from "../../model.ts";

/** A longer line ends the server. */
const lineLengthMax = 8 * 1024 * 1024;

export type StartProgram = (onOutput: (bytes: Uint8Array) => void) => ServedProgram | null;

export class StdioTransport implements Transport {
  readonly #startProgram: StartProgram;
  readonly #decoder = new StringDecoder("utf8");
  #program: ServedProgram | null = null;
  #line: string[] = [];
  #lineLength = 0;
  #isClosed = false;
  /** How it ended by itself, in our words. */
  ended: string | null = null;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  constructor(startProgram: StartProgram) {
    this.#startProgram = startProgram;
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
    this.#program.write(Buffer.from(`${JSON.stringify(message)}\n`));
  }

  async close(): Promise<void> {
    if (!this.#isClosed) this.#program?.write(new Uint8Array());
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#line = [];
    this.onclose?.();
  }

  #read(bytes: Uint8Array): void {
    const pieces = this.#decoder.write(Buffer.from(bytes)).split("\n");
    for (const [index, piece] of pieces.entries()) {
      if (this.#isClosed) return;
      this.#line.push(piece);
      this.#lineLength += piece.length;
      if (this.#lineLength > lineLengthMax) {
        void this.close();
        return;
      }
      if (index < pieces.length - 1) this.#endLine();
    }
  }

  #endLine(): void {
    const line = this.#line.join("").trim();
    this.#line = [];
    this.#lineLength = 0;
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
