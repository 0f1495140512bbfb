import type { IncomingMessage, ServerResponse } from "node:http";
import { onceClosed } from "#shared/http/once-closed";
import { bodyOf, type HttpServer, sendJson, startHttpServer } from "../lib/http.ts";
import { anthropicMessages } from "./anthropic.ts";
import { gemini } from "./gemini.ts";
import { openaiChat } from "./openai-chat.ts";
import { openaiResponses } from "./openai-responses.ts";
import { PromptCache } from "./prompt-cache.ts";
import { type FinishedTurn, finishTurn, type ScriptedTurn, type WireFault } from "./turn.ts";
import {
  type AcceptedCall,
  ProviderRefusal,
  type SseEvent,
  type WireProtocol,
} from "./wire-protocol.ts";

/** A request that reached a provider and was accepted. */
export interface ProviderRequest {
  readonly protocol: WireProtocol["name"];
  readonly model: string;
  readonly isStream: boolean;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<IncomingMessage["headers"]>;
  /** Counts the accepted requests of this server, from zero. */
  readonly number: number;
}

/** What the provider did for one request; `isComplete` once its last byte was handed over. */
export interface ServedCall {
  readonly request: ProviderRequest;
  readonly usage: FinishedTurn["usage"];
  isComplete: boolean;
}

/** A queue of turns, taken in order, or a model that decides by the request. */
export type Script =
  | readonly ScriptedTurn[]
  | ((request: ProviderRequest) => ScriptedTurn | Promise<ScriptedTurn>);

export interface LocalProviders extends HttpServer {
  readonly served: readonly ServedCall[];
  /** How many requests are being answered. */
  readonly open: number;
  /** Replaces the script; what is left of a queue is forgotten. */
  play(script: Script): void;
}

/** As the providers: Anthropic takes 32 MB. */
const bodyBytesMax = 32 * 1024 * 1024;

/**
 * Starts one server on loopback that speaks the wire formats of Anthropic, OpenAI and Gemini at
 * their own paths, and refuses what they refuse. A request without a scripted turn is answered 500.
 */
export async function startProviders(options: {
  readonly script: Script;
  /** Defaults to `local-provider-key`. */
  readonly keys?: readonly string[];
  readonly port?: number;
}): Promise<LocalProviders> {
  const keys = new Set(options.keys ?? ["local-provider-key"]);
  const cache = new PromptCache();
  const protocols = [
    { path: /^\/v1\/messages(\/count_tokens)?$/, protocol: anthropicMessages(cache) },
    { path: /^\/v1\/chat\/completions$/, protocol: openaiChat(cache) },
    { path: /^\/v1\/responses$/, protocol: openaiResponses(cache) },
    { path: /^\/v1(beta)?\/models\/[^/]+:[a-zA-Z]+$/, protocol: gemini(cache) },
  ];
  const served: ServedCall[] = [];
  const closing = new AbortController();
  let script = options.script;
  let queued = typeof script === "function" ? [] : [...script];
  let open = 0;
  const nextTurn = async (request: ProviderRequest) => {
    if (typeof script === "function") return script(request);
    return queued.shift() ?? { items: [], fault: { kind: "status", status: 500 } as const };
  };
  const server = await startHttpServer(async (request, response, url) => {
    const protocol = protocols.find((each) => each.path.test(url.pathname))?.protocol;
    if (protocol === undefined) return sendJson(response, 404, { error: "Not found." });
    open += 1;
    try {
      const body = await readJson(request);
      const call = protocol.accept({ url, headers: request.headers, body, keys });
      if (call.kind === "count") return send(response, protocol.count(call), protocol, call);
      const asked: ProviderRequest = {
        protocol: protocol.name,
        model: call.model,
        isStream: call.isStream,
        body: call.body,
        headers: request.headers,
        number: served.length,
      };
      await serve({ protocol, call, asked, response, served, closing: closing.signal, nextTurn });
    } catch (failure) {
      if (!(failure instanceof ProviderRefusal)) throw failure;
      refuse(response, protocol, failure);
    } finally {
      open -= 1;
    }
  }, options.port);
  return {
    port: server.port,
    url: server.url,
    served,
    get open() {
      return open;
    },
    play(next) {
      script = next;
      queued = typeof next === "function" ? [] : [...next];
    },
    close() {
      closing.abort();
      return server.close();
    },
  };
}

interface Serving {
  readonly protocol: WireProtocol;
  readonly call: AcceptedCall;
  readonly asked: ProviderRequest;
  readonly response: ServerResponse;
  readonly served: ServedCall[];
  readonly closing: AbortSignal;
  readonly nextTurn: (request: ProviderRequest) => Promise<ScriptedTurn>;
}

async function serve(serving: Serving): Promise<void> {
  const { protocol, call, asked, response, served } = serving;
  const turn = await serving.nextTurn(asked);
  const fault = turn.fault;
  if (fault?.kind === "status") {
    if (fault.retryAfterSeconds !== undefined) {
      response.setHeader("retry-after", String(fault.retryAfterSeconds));
    }
    throw new ProviderRefusal(fault.status, `Refused with ${fault.status}, as ordered.`);
  }
  const finished = finishTurn(turn, call);
  const record: ServedCall = { request: asked, usage: finished.usage, isComplete: false };
  served.push(record);
  if (fault?.kind === "never-answers") return hold(response, serving.closing);
  if (fault?.kind === "garbage") {
    response.writeHead(200, { "content-type": "text/html" });
    response.end("<html><body>It works!</body></html>");
    return;
  }
  const changeUsage = fault?.kind === "usage" ? fault.change : (usage: object) => usage;
  if (!call.isStream) {
    send(response, protocol.answer(call, finished, changeUsage), protocol, call);
    record.isComplete = true;
    return;
  }
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    ...protocol.extraHeaders(call),
  });
  const events = protocol.events(call, finished, changeUsage);
  record.isComplete = await stream(serving, { turn, events });
}

/** Sends the events; true if all were handed over. */
async function stream(
  { protocol, response, closing }: Serving,
  { turn, events }: { turn: ScriptedTurn; events: readonly SseEvent[] },
): Promise<boolean> {
  const { fault, beforeEvent } = turn;
  for (const [index, event] of events.entries()) {
    await beforeEvent?.(index);
    if (response.destroyed) return false;
    if (isDue(fault, index)) {
      if (fault.kind === "cut") {
        response.destroy();
        return false;
      }
      if (fault.kind === "stall") {
        await hold(response, closing);
        return false;
      }
      if (fault.kind === "error-event") {
        response.end(wireText(protocol.errorEvent()));
        return false;
      }
      response.write("data: {this isn't JSON\n\n");
    }
    if (fault?.kind === "long-line" && index === events.length - 2) {
      await write(response, wireText(protocol.textEvent("a".repeat(fault.sizeBytes))));
    }
    await write(response, wireText(event));
  }
  response.end();
  return true;
}

function isDue(
  fault: WireFault | undefined,
  index: number,
): fault is WireFault & { afterEvents: number } {
  return fault !== undefined && "afterEvents" in fault && fault.afterEvents === index;
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (response.write(text)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  response.once("drain", resolve);
  onceClosed(response, resolve);
  await promise;
  // Else a long answer would have a listener for each time that its reader was behind.
  response.off("drain", resolve).off("close", resolve);
}

async function hold(response: ServerResponse, closing: AbortSignal): Promise<void> {
  if (closing.aborted) return;
  await new Promise<void>((resolve) => {
    closing.addEventListener("abort", () => resolve(), { once: true });
    onceClosed(response, resolve);
  });
}

function wireText({ event, data }: SseEvent): string {
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${data}\n\n`;
}

function send(
  response: ServerResponse,
  body: object,
  protocol: WireProtocol,
  call: AcceptedCall | null,
): void {
  for (const [name, value] of Object.entries(protocol.extraHeaders(call))) {
    response.setHeader(name, value);
  }
  sendJson(response, 200, body);
}

function refuse(response: ServerResponse, protocol: WireProtocol, refusal: ProviderRefusal): void {
  for (const [name, value] of Object.entries(protocol.extraHeaders(null))) {
    response.setHeader(name, value);
  }
  const { status, message, code } = refusal;
  sendJson(response, status, protocol.errorBody(status, message, code));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of bodyOf(request)) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new ProviderRefusal(413, "The request is too large.");
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new ProviderRefusal(400, "The request body is not valid JSON.");
  }
}
