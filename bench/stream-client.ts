/** Sends a script and reads its stream, with the time of each part. */
import { Agent, request } from "node:http";
import type { Target } from "./figure.ts";

export interface Heard {
  /** All times in milliseconds after the start of the request. */
  readonly firstByteMs: number;
  readonly firstOutputMs: number;
  readonly totalMs: number;
  readonly status: string;
  /** Each event with output: its time by the machine's clock, and its text. */
  readonly outputs: readonly { readonly atEpochMs: number; readonly text: string }[];
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const streamMsMax = 120_000;
const epochMs = () => performance.timeOrigin + performance.now();

/** @throws if it is refused, or the stream ends before the execution. */
export function sendScript(
  { baseUrl }: Pick<Target, "baseUrl">,
  target: { readonly key: string; readonly threadId: string },
  content: string,
): Promise<Heard> {
  const url = new URL(`/v1/threads/${target.threadId}/messages`, baseUrl);
  const body = JSON.stringify({ content });
  const headers = {
    authorization: `Bearer ${target.key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  };
  const sentAt = performance.now();
  const signal = AbortSignal.timeout(streamMsMax);
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", headers, agent, signal });
    sent.once("error", reject);
    sent.once("response", (answer) => {
      const reader = new StreamReader(sentAt);
      answer.on("data", (chunk: Buffer) => reader.read(chunk));
      answer.once("error", reject);
      answer.once("end", () => {
        if (answer.statusCode === 200) resolve(reader.heard());
        else reject(new Error(`a message was answered ${answer.statusCode}: ${reader.text}`));
      });
    });
    sent.end(body);
  });
}

class StreamReader {
  readonly #sentAt: number;
  readonly #outputs: { atEpochMs: number; text: string }[] = [];
  #firstByteMs: number | null = null;
  #firstOutputMs: number | null = null;
  #status = "unfinished";
  text = "";

  constructor(sentAt: number) {
    this.#sentAt = sentAt;
  }

  read(chunk: Buffer): void {
    this.#firstByteMs ??= performance.now() - this.#sentAt;
    this.text += chunk.toString();
    const blocks = this.text.split("\n\n");
    this.text = blocks.pop() ?? "";
    for (const block of blocks) this.#take(block);
  }

  #take(block: string): void {
    const line = block.split("\n").find((one) => one.startsWith("data: "));
    if (line === undefined) return;
    const event = JSON.parse(line.slice("data: ".length));
    if (event.type === "stream.completed") this.#status = event.run.status;
    if (event.item?.type !== "text") return;
    this.#firstOutputMs ??= performance.now() - this.#sentAt;
    this.#outputs.push({ atEpochMs: epochMs(), text: event.item.content });
  }

  heard(): Heard {
    if (this.#firstByteMs === null || this.#status === "unfinished") {
      throw new Error(`a stream that ended before its execution: ${this.text}`);
    }
    return {
      firstByteMs: this.#firstByteMs,
      firstOutputMs: this.#firstOutputMs ?? Infinity,
      totalMs: performance.now() - this.#sentAt,
      status: this.#status,
      outputs: this.#outputs,
    };
  }
}
