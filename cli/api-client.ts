/** Calls the public API: nothing here knows more of it than its documents say. */
import * as z from "zod";
import manifest from "../package.json" with { type: "json" };
import { CommandError, exits } from "./exits.ts";
import {
  jsonOrNull,
  type Origin,
  sentenceOfLoss,
  sentenceOfRefusal,
  sentenceOfStranger,
} from "./refusal-sentences.ts";

const answerMsMax = 60_000;
const uploadMsMax = 600_000;
const pageMax = 100;

/** The API said no. The message is its own sentence with the request's id. */
export class ApiRefusal extends CommandError {
  override readonly name = "ApiRefusal";
  readonly status: number;
  readonly code: string;
  readonly headers: Headers;

  constructor(message: string, answer: { status: number; code: string; headers: Headers }) {
    super(message, answer.status === 401 ? exits.notLoggedIn : exits.failed);
    this.status = answer.status;
    this.code = answer.code;
    this.headers = answer.headers;
  }
}

/** Nothing answered, or the connection broke. */
export class ConnectionLost extends CommandError {
  override readonly name = "ConnectionLost";
}

/** Whether the same request may succeed a little later. */
export function mayPass(error: unknown): boolean {
  if (error instanceof ApiRefusal) return error.status === 429 || error.status >= 500;
  return error instanceof ConnectionLost;
}

export interface Call {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long the answer may take, if that isn't the usual time. */
  readonly msMax?: number;
  /** No limit on how long the answer takes to end. */
  readonly isStream?: boolean;
}

export interface Listing {
  readonly max: number;
  /** Called if the list goes on. */
  readonly whenMore?: () => void;
  readonly query?: Call["query"];
}

export class ApiClient {
  readonly apiUrl: string;
  readonly #origin: Origin;
  readonly #warn: (text: string) => void;

  constructor(origin: Origin, warn: (text: string) => void) {
    this.apiUrl = origin.apiUrl;
    this.#origin = origin;
    this.#warn = warn;
  }

  /** @throws {ApiRefusal} unless the status is 2xx. @throws {ConnectionLost} */
  async send(path: string, call: Call = {}): Promise<Response> {
    requireNoSteps(path);
    const url = new URL(`/v1${path}`, this.apiUrl);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const answer = await this.#fetch(url, call);
    for (const warning of warningsIn(answer.headers)) this.#warn(warning);
    if (answer.ok) return answer;
    const text = await answer.text().catch(() => "");
    const { message, code } = sentenceOfRefusal(answer, text, this.#origin);
    throw new ApiRefusal(message, { status: answer.status, code, headers: answer.headers });
  }

  /** The answer's JSON. @throws {CommandError} also if it has another shape. */
  async call<T>(path: string, schema: z.ZodType<T>, call: Call = {}): Promise<T> {
    const answer = await this.send(path, call);
    const text = await answer.text().catch((error: unknown) => {
      throw lost(this.apiUrl, error);
    });
    const parsed = schema.safeParse(jsonOrNull(text));
    if (parsed.success) return parsed.data;
    throw new CommandError(sentenceOfStranger(answer, text, this.#origin));
  }

  /**
   * A list's items, page by page, at most `max`. By a cursor where the list has one: an offset
   * counts from a start that moves while items are made or deleted, so some would come twice.
   */
  async list<T>(path: string, item: z.ZodType<T>, options: Listing): Promise<T[]> {
    const Page = z.object({
      data: z.array(item),
      has_more: z.boolean().default(false),
      next_cursor: z.string().nullish(),
    });
    const items: T[] = [];
    for (let cursor: string | null | undefined; items.length < options.max; ) {
      const limit = Math.min(pageMax, options.max - items.length);
      const place = cursor ? { cursor } : { offset: items.length };
      const page = await this.call(path, Page, { query: { ...options.query, limit, ...place } });
      cursor = page.next_cursor;
      items.push(...page.data);
      if (!page.has_more || page.data.length === 0) break;
      if (items.length >= options.max) options.whenMore?.();
    }
    return items;
  }

  async #fetch(url: URL, call: Call): Promise<Response> {
    const { body, form } = call;
    const { apiKey } = this.#origin;
    const content = form ?? (body === undefined ? undefined : JSON.stringify(body));
    const limit = AbortSignal.timeout(call.msMax ?? (form ? uploadMsMax : answerMsMax));
    const signals = [call.signal, call.isStream ? undefined : limit].filter((one) => one != null);
    try {
      return await fetch(url, {
        method: call.method ?? (content === undefined ? "GET" : "POST"),
        // A key must not follow a redirect to somewhere else.
        redirect: "error",
        headers: {
          "user-agent": `paddock-cli/${manifest.version}`,
          ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...call.headers,
        },
        ...(content === undefined ? {} : { body: content }),
        signal: AbortSignal.any(signals),
      });
    } catch (error) {
      throw lost(this.apiUrl, error);
    }
  }
}

/**
 * A URL takes `..` for a step up, however it is encoded: a file called so would be its environment,
 * and be deleted as that.
 * @throws {CommandError}
 */
function requireNoSteps(path: string): void {
  const isStep = (segment: string) => /^\.{1,2}$/.test(segment.replaceAll(/%2e/gi, "."));
  if (!path.split("/").some(isStep)) return;
  throw new CommandError("A name or a part of a path can't be . or ..: that means another thing.");
}

export function lost(url: string, error: unknown): ConnectionLost {
  return new ConnectionLost(sentenceOfLoss(url, error));
}

function warningsIn(headers: Headers): string[] {
  const text = headers.get("x-paddock-warnings");
  return text ? [text] : [];
}
