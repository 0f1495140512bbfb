/** One request to a provider, with its key, over a connection of its own (ADR 26). */
import { request as askPlain, type IncomingMessage } from "node:http";
import { request as askTls } from "node:https";
import { catalogue } from "#shared/core/models/catalogue";
import type { WireProtocol } from "#shared/core/models/model";
import { forwardRequest, type Header, valuesOf } from "#shared/http/framing";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";
import type { CheckedCall } from "./checked-call.ts";

/** The provider gave no answer. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  /** What happened, in our words. */
  readonly sentence: string;
  /** Whether it may have received the request, and so may charge for it. */
  readonly wasSent: boolean;
  readonly isLate: boolean;
  constructor(message: string, what: { readonly wasSent: boolean; readonly isLate: boolean }) {
    super(message);
    this.sentence = message;
    this.wasSent = what.wasSent;
    this.isLate = what.isLate;
  }
}

export interface UpstreamOptions {
  /** Null for a server that takes no key. */
  readonly key: string | null;
  /** The headers of the client, of which a few are passed on. */
  readonly rawHeaders: readonly string[];
  /** How long the provider may be silent. */
  readonly silentMsMax: number;
  /** Gives the call up, with its reason. */
  readonly signal: AbortSignal;
}

/** @throws {NoAnswer} */
export async function askProvider(
  call: CheckedCall,
  options: UpstreamOptions,
): Promise<IncomingMessage> {
  const url = new URL(`${call.model.baseUrl}${call.path}`);
  const forwarded = forwardRequest(
    {
      method: "POST",
      httpVersion: "1.1",
      // Only named headers of the client's go on, and the body is what was checked.
      rawHeaders: [...passedHeaders(call.protocol, options.rawHeaders).flat(), ...lengthOf(call)],
    },
    { host: url.host, added: addedHeaders(call, options.key), keepAlive: false },
  );
  const ask = url.protocol === "https:" ? askTls : askPlain;
  return await new Promise((resolve, reject) => {
    let wasSent = false;
    let isLate = false;
    const outgoing = ask(url, {
      method: "POST",
      headers: forwarded.headers,
      agent: false,
      signal: options.signal,
      timeout: options.silentMsMax,
    });
    const fail = (why: string) => reject(new NoAnswer(why, { wasSent, isLate }));
    outgoing.on("socket", (socket) => {
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
        wasSent = true;
      });
    });
    outgoing.on("timeout", () => {
      isLate = true;
      outgoing.destroy(new Error("silent"));
    });
    outgoing.on("error", () => fail(isLate ? "it was silent for too long" : "it can't be reached"));
    refuseStrangeAnswers(outgoing, ({ message }) => fail(message));
    outgoing.once("close", () => fail("it closed the connection"));
    outgoing.once("response", resolve);
    outgoing.end(call.body);
  });
}

function lengthOf({ body }: CheckedCall): readonly string[] {
  return ["Content-Length", String(body.length)];
}

/** The version of the format, and the beta features that the catalogue allows. */
function passedHeaders(protocol: WireProtocol, rawHeaders: readonly string[]): readonly Header[] {
  if (protocol !== "anthropic-messages") return [];
  const [version = "2023-06-01"] = valuesOf(rawHeaders, "anthropic-version");
  const allowed = new Set(catalogue().anthropicBetas);
  const betas = valuesOf(rawHeaders, "anthropic-beta")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim())
    .filter((name) => allowed.has(name));
  const known = /^\d{4}-\d{2}-\d{2}$/.test(version) ? version : "2023-06-01";
  const beta: readonly Header[] = betas.length === 0 ? [] : [["anthropic-beta", betas.join(",")]];
  return [["anthropic-version", known], ...beta];
}

function addedHeaders({ protocol, isStream }: CheckedCall, key: string | null): readonly Header[] {
  const shared: readonly Header[] = [
    ["Content-Type", "application/json"],
    ["Accept", isStream ? "text/event-stream" : "application/json"],
    // A compressed answer couldn't be metered as it passes.
    ["Accept-Encoding", "identity"],
    ["User-Agent", "paddock"],
  ];
  if (key === null) return shared;
  if (protocol === "anthropic-messages") return [...shared, ["x-api-key", key]];
  if (protocol === "gemini") return [...shared, ["x-goog-api-key", key]];
  return [...shared, ["Authorization", `Bearer ${key}`]];
}
