/** Starts an execution and prints its events until it has ended. */
import { randomUUID } from "node:crypto";
import * as z from "zod";
import { type ApiClient, ApiRefusal, type Call } from "../api-client.ts";
import type { Context } from "../context.ts";
import { resumedEvents } from "../event-stream.ts";
import { type ExitCode, exits } from "../exits.ts";
import { onInterrupt } from "../interrupts.ts";
import { harmlessLine } from "../terminal-text.ts";
import { EventPrinter } from "./event-printer.ts";

export interface Message {
  readonly threadId: string;
  readonly content: string;
  readonly model?: string;
}

const Started = z.object({ run: z.object({ id: z.string() }) });

/** @returns 0 if it succeeded, 1 if it failed, 2 if it was cancelled. */
export async function execute(context: Context, message: Message): Promise<ExitCode> {
  const client = await context.client();
  const { output } = context;
  const printer = new EventPrinter(output, { showsTools: message.model !== "shell" });
  const left = new AbortController();
  const cancellation = new Cancellation(client, message.threadId);
  const stop = onInterrupt(() => {
    output.note("Cancelling. Press Ctrl-C again to leave without waiting for that.");
    cancellation.ask();
  });
  const reader = new MessageReader(client, message, () => cancellation.begin());
  try {
    for await (const event of resumedEvents((last) => reader.open(last), left.signal)) {
      const started = Started.safeParse(event.data);
      if (started.success) reader.executionId = started.data.run.id;
      await printer.print(event);
      if (printer.outcome !== null) break;
    }
  } finally {
    printer.stop();
    stop();
  }
  const { outcome } = printer;
  if (outcome === "cancelled") return exits.cancelled;
  return outcome === "success" ? exits.ok : exits.failed;
}

/** Sends the message at first, and then reads the events of the execution that it started. */
class MessageReader {
  executionId: string | null = null;
  readonly #client: ApiClient;
  readonly #message: Message;
  readonly #begun: () => void;
  /** The same message sent again, after an answer that was lost, starts nothing more. */
  readonly #idempotencyKey = randomUUID();

  constructor(client: ApiClient, message: Message, begun: () => void) {
    this.#client = client;
    this.#message = message;
    this.#begun = begun;
  }

  async open(lastEventId: string | null): Promise<Response> {
    if (this.executionId !== null) {
      const headers = lastEventId === null ? {} : { "last-event-id": lastEventId };
      const path = `/executions/${encodeURIComponent(this.executionId)}/events`;
      return await this.#client.send(path, { headers, isStream: true });
    }
    const { threadId, content, model } = this.#message;
    const call: Call = {
      body: { content, ...(model === undefined ? {} : { agentConfig: { model } }) },
      headers: { accept: "text/event-stream", "idempotency-key": this.#idempotencyKey },
      isStream: true,
    };
    const path = `/threads/${encodeURIComponent(threadId)}/messages`;
    const answer = await this.#client.send(path, call);
    this.#begun();
    return answer;
  }
}

/** Asks for the cancellation as soon as there is something to cancel. */
class Cancellation {
  readonly #client: ApiClient;
  readonly #threadId: string;
  #hasBegun = false;
  #isAsked = false;

  constructor(client: ApiClient, threadId: string) {
    this.#client = client;
    this.#threadId = threadId;
  }

  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    if (this.#isAsked) void this.#send();
  }

  ask(): void {
    this.#isAsked = true;
    if (this.#hasBegun) void this.#send();
  }

  async #send(): Promise<void> {
    const path = `/threads/${encodeURIComponent(this.#threadId)}/cancel`;
    try {
      await this.#client.send(path, { method: "POST" });
    } catch (error) {
      // It has ended meanwhile, and the stream says how.
      if (error instanceof ApiRefusal && error.code === "NO_ACTIVE_EXECUTION") return;
      const why = harmlessLine(error instanceof Error ? error.message : "");
      process.stderr.write(`It couldn't be cancelled, and goes on: ${why}\n`);
      process.exit(exits.failed);
    }
  }
}
