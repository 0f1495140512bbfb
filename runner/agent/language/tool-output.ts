/** Output of one tool call on its way to the model and to the stream. */
import { StringDecoder } from "node:string_decoder";
import type { LanguageTools } from "../model.ts";
import { ShortenedText } from "./shortened-text.ts";
import { dataTag } from "./system-prompt.ts";

/** More of one call isn't streamed; the model sees its beginning and end all the same. */
const streamedLengthMax = 64_000;
const pieceLengthMax = 4_000;
const silenceMs = 150;

type OutputTools = Pick<LanguageTools, "emit" | "redactor">;

export class ToolOutput {
  readonly #tools: OutputTools;
  readonly #callId: string;
  readonly #decoder = new StringDecoder("utf8");
  readonly #redactor;
  readonly #kept = new ShortenedText();
  #unsent = "";
  #streamedLength = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tools: OutputTools, callId: string) {
    this.#tools = tools;
    this.#callId = callId;
    this.#redactor = tools.redactor();
  }

  write(bytes: Uint8Array): void {
    this.#take(this.#redactor.write(this.#decoder.write(Buffer.from(bytes))));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#take(this.#redactor.pause());
      this.#send();
    }, silenceMs);
  }

  /** All that came, without secrets, shortened in the middle. Call it when the call has ended. */
  end(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#take(this.#redactor.write(this.#decoder.end()) + this.#redactor.end());
    this.#send();
    return this.#kept.text().trimEnd();
  }

  #take(text: string): void {
    this.#kept.add(text);
    const room = streamedLengthMax - this.#streamedLength;
    // At exactly its bound it is full, and what follows isn't said to be missing yet.
    if (room < 0) return;
    this.#streamedLength += text.length;
    const isOver = text.length > room;
    this.#unsent += isOver ? `${text.slice(0, room)}\n[The rest isn't shown.]\n` : text;
    if (this.#unsent.length > pieceLengthMax) this.#send();
  }

  #send(): void {
    if (this.#unsent === "") return;
    const content = this.#unsent.toWellFormed();
    this.#tools.emit({ type: "tool_output", id: this.#callId, content });
    this.#unsent = "";
  }
}

const endTag = /<\/(?=\s{0,10}tool_output)/gi;

/** Marks text as data. What looks like the mark's end inside of it loses its meaning. */
export function asData(text: string): string {
  return `<${dataTag}>\n${text.replaceAll(endTag, "<\\/")}\n</${dataTag}>`;
}
