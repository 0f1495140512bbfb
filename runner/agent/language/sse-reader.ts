/**
 * Reads server-sent events from a stream of bytes, piece by piece. The stream is a stranger's, so
 * a line, an event and the whole stream are bounded.
 */
import { StringDecoder } from "node:string_decoder";
import { ValueCount } from "../../egress/value-count.ts";
import { malformedStream, type ProviderFault } from "./provider-fault.ts";

export interface SseEvent {
  /** Empty unless the stream names it. */
  readonly event: string;
  readonly data: string;
}

export interface SseBounds {
  readonly eventLengthMax: number;
  /** Values of JSON, of which small ones take some ten times as much memory as bytes. */
  readonly eventValuesMax: number;
  readonly streamBytesMax: number;
}

/** A provider repeats a whole answer in one event, so an event may be as large as an answer. */
export const sseBounds: SseBounds = {
  eventLengthMax: 4 * 1024 * 1024,
  eventValuesMax: 100_000,
  streamBytesMax: 64 * 1024 * 1024,
};

export class SseReader {
  readonly #bounds: SseBounds;
  readonly #decoder = new StringDecoder("utf8");
  readonly #values: ValueCount;
  /** Pieces of the unfinished line; joined once it ends. */
  #line: string[] = [];
  #lineLength = 0;
  #event = "";
  #data: string[] = [];
  #dataLength = 0;
  #bytes = 0;
  /** A byte order mark may come before the first line, and isn't of it. */
  #isAtStart = true;
  /** Whether the last piece ended in a carriage return, whose line feed may still come. */
  #endedInReturn: boolean = false;

  constructor(bounds: SseBounds = sseBounds) {
    this.#bounds = bounds;
    this.#values = new ValueCount("event", bounds.eventValuesMax);
  }

  /** @throws {ProviderFault} If a bound is exceeded. */
  read(chunk: Uint8Array): SseEvent[] {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bounds.streamBytesMax) throw tooLarge("answer");
    if (!this.#values.take(chunk)) throw tooLarge("event");
    let text = this.#decoder.write(Buffer.from(chunk));
    if (this.#isAtStart && text.startsWith("\uFEFF")) text = text.slice(1);
    if (text !== "") this.#isAtStart = false;
    const endedInReturn = this.#endedInReturn;
    if (text !== "") this.#endedInReturn = text.endsWith("\r");
    if (endedInReturn && text.startsWith("\n")) text = text.slice(1);
    const lines = text.split(/\r\n|\n|\r/);
    const events: SseEvent[] = [];
    for (const [index, piece] of lines.entries()) {
      this.#line.push(piece);
      this.#lineLength += piece.length;
      if (this.#lineLength > this.#bounds.eventLengthMax) throw tooLarge("line");
      if (index < lines.length - 1) this.#endLine(events);
    }
    return events;
  }

  #endLine(events: SseEvent[]): void {
    const line = this.#line.join("");
    this.#line = [];
    this.#lineLength = 0;
    if (line === "") {
      this.#endEvent(events);
      return;
    }
    const colon = line.indexOf(":");
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    if (name !== "data") return;
    this.#data.push(value);
    // The line break counts, too; else empty lines would be for nothing.
    this.#dataLength += value.length + 1;
    if (this.#dataLength > this.#bounds.eventLengthMax) throw tooLarge("event");
  }

  #endEvent(events: SseEvent[]): void {
    if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join("\n") });
    this.#event = "";
    this.#data = [];
    this.#dataLength = 0;
  }
}

function tooLarge(what: string): ProviderFault {
  return malformedStream(`a too large ${what}`);
}
