/** Decodes, redacts, counts and cuts the sandbox's output. */
import { StringDecoder } from "node:string_decoder";
import type { RedactionPlan } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";
import { outputBytesMax } from "#shared/protocol/runner";

/** If output exceeds the streamed part by this factor, the program is ended. */
const runawayFactor = 16;
const outputTailLengthMax = 4_000;
/** After this time without output, held text is sent unless it could reveal a secret. */
const silenceMs = 100;
const notice = {
  stream: "\n[The output limit is reached; what follows is not shown.]\n",
  answer: "\n[The answer is cut here; the stream holds more.]\n",
};

export interface OutputDeps {
  readonly redaction: RedactionPlan;
  readonly streamBytesMax: number;
  readonly onText: (text: string) => void;
  readonly onRunaway: () => void;
}

export class Output {
  readonly #deps: OutputDeps;
  #streamedBytes = 0;
  #seenBytes = 0;
  #answer: string[] = [];
  #answerBytes = 0;
  #answerIsCut: boolean = false;
  /** Whether the answer says that output is missing. */
  #isCutSaid: boolean = false;
  #outputTail = "";

  constructor(deps: OutputDeps) {
    this.#deps = deps;
  }

  /**
   * Each script has its own decoder and redactor, because the next script can't complete what one
   * left.
   */
  open(part: "answer" | "progress"): { write(bytes: Uint8Array): void; end(): void } {
    const decoder = new StringDecoder("utf8");
    const redactor = new Redactor(this.#deps.redaction);
    let silence: NodeJS.Timeout | undefined;
    const pass = (text: string) => {
      if (text === "") return;
      this.#outputTail = (this.#outputTail + text).slice(-outputTailLengthMax);
      this.#stream(text);
      if (part === "answer") this.addToAnswer(text);
    };
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      clearTimeout(silence);
      pass(redactor.write(decoder.end()) + redactor.end());
    };
    return {
      write: (bytes) => {
        if (!this.#count(bytes.length)) {
          end();
          this.#sayCut(part);
          return;
        }
        pass(redactor.write(decoder.write(Buffer.from(bytes))));
        clearTimeout(silence);
        silence = setTimeout(() => pass(redactor.pause()), silenceMs);
      },
      end,
    };
  }

  /** @param given Half a character in it, as at the end of a cut answer, couldn't be settled. */
  addToAnswer(given: string): void {
    if (this.#answerIsCut) return;
    const text = given.toWellFormed();
    const roomBytes = outputBytesMax - Buffer.byteLength(notice.answer) - this.#answerBytes;
    const sizeBytes = Buffer.byteLength(text);
    this.#answerIsCut = sizeBytes > roomBytes;
    const kept = this.#answerIsCut ? cutBytes(text, roomBytes) + notice.answer : text;
    this.#answer.push(kept);
    this.#answerBytes += Buffer.byteLength(kept);
  }

  /** The last part of the output, where a program that fails usually says why. */
  get outputTail(): string {
    return this.#outputTail;
  }

  answer(): { output: string; outputTruncated: boolean } {
    const outputTruncated = this.#answerIsCut || this.#seenBytes > this.#deps.streamBytesMax;
    return { output: this.#answer.join(""), outputTruncated };
  }

  /** @returns Whether the bytes may still be processed. */
  #count(sizeBytes: number): boolean {
    const { streamBytesMax, onRunaway } = this.#deps;
    const before = this.#seenBytes;
    this.#seenBytes += sizeBytes;
    if (this.#seenBytes > streamBytesMax * runawayFactor) onRunaway();
    return before <= streamBytesMax;
  }

  /**
   * Says once that something isn't shown, where what was shown doesn't reach its own limit: without
   * its secrets it may be far shorter, and what came before may be no part of the answer.
   */
  #sayCut(part: "answer" | "progress"): void {
    const { streamBytesMax, onText } = this.#deps;
    if (this.#streamedBytes <= streamBytesMax) {
      this.#streamedBytes = streamBytesMax + 1;
      onText(notice.stream);
    }
    if (part === "progress" || this.#isCutSaid) return;
    this.#isCutSaid = true;
    this.addToAnswer(notice.stream);
  }

  #stream(text: string): void {
    const { streamBytesMax, onText } = this.#deps;
    if (this.#streamedBytes > streamBytesMax) return;
    const roomBytes = streamBytesMax - this.#streamedBytes;
    this.#streamedBytes += Buffer.byteLength(text);
    onText(this.#streamedBytes > streamBytesMax ? cutBytes(text, roomBytes) + notice.stream : text);
  }
}

/** The longest beginning of at most `bytesMax` bytes that doesn't split a character. */
export function cutBytes(text: string, bytesMax: number): string {
  const decoder = new StringDecoder("utf8");
  return decoder.write(Buffer.from(text).subarray(0, Math.max(0, bytesMax)));
}
