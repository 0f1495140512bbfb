/**
 * Passes a provider's answer on to the client, byte for byte and at the client's pace, while a
 * meter watches. The client may go: the answer is read to its end all the same, because it costs
 * what it costs, and its end says how much.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { FramingError, forwardResponse, type Header } from "#shared/http/framing";
import { settleBody } from "#shared/http/linger";
import { onceClosed } from "#shared/http/once-closed";
import { Pieces } from "#shared/http/pieces";
import { drained } from "#shared/limits/paced-writing";
import { lingerLimits } from "#shared/pipeline/raw-refusal";
import type { HeldAnswer } from "./call-memory.ts";
import type { CheckedCall } from "./checked-call.ts";
import { type Recording, recordedBytesMax } from "./recordings.ts";
import type { AnswerMeter } from "./usage/answer-meter.ts";
import { HiddenUsage } from "./usage/hide-usage.ts";

/** A complete answer that is no stream; the longest is some hundred thousand tokens. */
const wholeBytesMax = 16 * 1024 * 1024;

/**
 * Headers of providers that clients use. Others may name the deployment's account, or count what
 * is left of its limits, and so how much other owners call at the moment.
 */
const passed =
  /^(?:content-type|content-length|retry-after(?:-ms)?|(?:x-)?request-id|x-should-retry|openai-processing-ms)$/;

export interface Relay {
  readonly call: CheckedCall;
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
  readonly meter: AnswerMeter;
  /** Commits the charge. The answer's end waits for it, so that no execution ends in between. */
  readonly charge: () => Promise<void>;
  readonly isRecorded: boolean;
  readonly held: HeldAnswer;
}

/** Thrown if an answer can't be passed on as what it says it is. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
  /** What is wrong, in our words. */
  readonly sentence: string;
  constructor(sentence: string) {
    super(sentence);
    this.sentence = sentence;
  }
}

/** @returns What was passed on, if it is to be recorded and complete. @throws {BadAnswer} */
export async function relayAnswer(relay: Relay): Promise<Recording | null> {
  const { answer, call } = relay;
  const { "content-encoding": coding = "identity" } = answer.headers;
  if (coding.toLowerCase() !== "identity") throw new BadAnswer("it is compressed, unasked");
  const headers = headersOf(answer, call);
  const isEvents = /^text\/event-stream\b/i.test(answer.headers["content-type"] ?? "");
  return isEvents ? await relayEvents(relay, headers) : await relayWhole(relay, headers);
}

function headersOf(answer: IncomingMessage, { hidesUsage }: CheckedCall): readonly Header[] {
  try {
    return forwardResponse(
      answer,
      (name) => !passed.test(name) || (hidesUsage && name === "content-length"),
    );
  } catch (error) {
    if (error instanceof FramingError) throw new BadAnswer("it can be read in more than one way");
    throw error;
  }
}

/** Reads the whole answer, has it charged, and sends it. */
async function relayWhole(relay: Relay, headers: readonly Header[]): Promise<Recording | null> {
  const { answer, meter, charge, response, held } = relay;
  const status = answer.statusCode ?? 502;
  const pieces = new Pieces();
  for await (const piece of answer as AsyncIterable<Buffer>) {
    pieces.add(piece);
    if (pieces.bytes > wholeBytesMax) throw new BadAnswer("it is too large");
    if (!held.hasRoom(piece.length)) throw new BadAnswer("too many large answers came at once");
  }
  const body = pieces.take();
  meter.takeWhole(body);
  await charge();
  if (!response.destroyed) {
    begin(response, status, headers);
    response.end(body);
  }
  return relay.isRecorded ? { status, headers, body } : null;
}

async function relayEvents(relay: Relay, headers: readonly Header[]): Promise<Recording | null> {
  const { answer, call, meter, response } = relay;
  const status = answer.statusCode ?? 502;
  const hidden = call.hidesUsage ? new HiddenUsage() : null;
  const gone = new AbortController();
  onceClosed(response, () => gone.abort());
  const recorded = new Pieces();
  let isCharged = false;
  const pass = async (piece: Buffer) => {
    if (relay.isRecorded && recorded.bytes <= recordedBytesMax) recorded.add(piece);
    if (piece.length === 0 || response.destroyed) return;
    if (!response.write(piece)) await drained(response, gone.signal);
  };
  begin(response, status, headers);
  response.flushHeaders();
  let isComplete = false;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      meter.push(piece);
      if (meter.isKnown && !isCharged) {
        isCharged = true;
        await relay.charge();
      }
      await pass(hidden ? hidden.push(piece) : piece);
    }
    meter.finish();
    await pass(hidden?.end() ?? Buffer.alloc(0));
    isComplete = true;
  } catch {
    // It is broken off for the client, too, so that it doesn't look complete.
    response.destroy();
  }
  if (!isCharged) await relay.charge();
  response.end();
  if (!relay.isRecorded || !isComplete || recorded.bytes > recordedBytesMax) return null;
  return { status, headers, body: recorded.take() };
}

function begin(response: ServerResponse, status: number, headers: readonly Header[]): void {
  if (response.destroyed || response.headersSent) return;
  settleBody(response.req, response, lingerLimits);
  for (const [name, value] of headers) response.setHeader(name, value);
  response.writeHead(status);
}

/** Sends a recorded answer again. */
export function replay(response: ServerResponse, { status, headers, body }: Recording): void {
  const whole = headers.filter(([name]) => name.toLowerCase() !== "content-length");
  begin(response, status, [...whole, ["content-length", String(body.length)]]);
  response.end(body);
}
