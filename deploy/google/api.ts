/** The part of Google's REST interfaces that a deployment calls itself. */
import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { Credentials } from "./token.ts";

const timeoutMs = 20_000;
const attemptsMax = 4;
const firstPauseMs = 500;
/** Statuses that are worth another try, if the request changes nothing or is repeatable. */
const passing: readonly number[] = [429, 500, 502, 503, 504];

const ErrorBody = z.object({
  error: z.object({
    message: z.string().default(""),
    details: z
      .array(z.looseObject({ reason: z.string().optional() }))
      .default([])
      .catch([]),
  }),
});

export interface GoogleRefusal {
  readonly ok: false;
  /** 0 if no answer came at all. */
  readonly status: number;
  /** Google's own code, such as `SERVICE_DISABLED`; empty if there was none. */
  readonly reason: string;
  readonly message: string;
}
/**
 * Whether it says something about what was asked for: that it isn't there, or isn't to be seen. Any
 * other refusal says nothing of it.
 */
export function isAboutIt({ status }: GoogleRefusal): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

export type GoogleAnswer<T> = { readonly ok: true; readonly value: T } | GoogleRefusal;

export interface Request {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  /** Sent unchanged instead of `body`. */
  readonly raw?: { readonly type: string; readonly bytes: Buffer };
}

export class GoogleApi {
  readonly #credentials: Credentials;
  readonly #quotaProject: string | null;
  readonly #endpoint: string | null;

  /** @param endpoint `http://127.0.0.1:PORT` of a stand-in; null for Google itself. */
  constructor(credentials: Credentials, project: string, endpoint: string | null) {
    this.#credentials = credentials;
    this.#quotaProject = credentials.needsQuotaProject ? project : null;
    this.#endpoint = endpoint;
  }

  /** Doesn't throw for Google's refusals; throws for an answer that doesn't match `schema`. */
  async ask<T>(url: string, schema: z.ZodType<T>, request: Request = {}): Promise<GoogleAnswer<T>> {
    const method = request.method ?? "GET";
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#once(url, method, request);
      const isRepeatable = method === "GET" && attempt < attemptsMax;
      const isPassing = !answer.ok && (answer.status === 0 || passing.includes(answer.status));
      if (!isPassing || !isRepeatable) {
        return answer.ok ? { ok: true, value: schema.parse(answer.value) } : answer;
      }
      await delay(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
    }
  }

  /** The pages of a list, at most `pagesMax`; one refused page refuses all. */
  async askPages<T extends { readonly nextPageToken?: string | undefined }>(
    url: string,
    schema: z.ZodType<T>,
    pagesMax: number,
  ): Promise<GoogleAnswer<readonly T[]>> {
    const pages: T[] = [];
    let token = "";
    do {
      const page = token === "" ? url : `${url}&pageToken=${encodeURIComponent(token)}`;
      const answer = await this.ask(page, schema);
      if (!answer.ok) return answer;
      pages.push(answer.value);
      token = answer.value.nextPageToken ?? "";
    } while (token !== "" && pages.length < pagesMax);
    return { ok: true, value: pages };
  }

  async #once(url: string, method: string, { body, raw }: Request): Promise<GoogleAnswer<unknown>> {
    let token: string;
    try {
      token = await this.#credentials.accessToken();
    } catch (error) {
      return { ok: false, status: 401, reason: "NO_TOKEN", message: sentenceOf(error) };
    }
    try {
      const response = await fetch(whereToAsk(url, this.#endpoint), {
        method,
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          authorization: `Bearer ${token}`,
          ...(this.#quotaProject === null ? {} : { "x-goog-user-project": this.#quotaProject }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(raw === undefined ? {} : { "content-type": raw.type }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(raw === undefined ? {} : { body: new Uint8Array(raw.bytes) }),
      });
      const text = await response.text();
      if (response.ok) return { ok: true, value: text === "" ? {} : JSON.parse(text) };
      return refusal(response.status, text);
    } catch (error) {
      return { ok: false, status: 0, reason: "", message: sentenceOf(error) };
    }
  }
}

/** A stand-in serves all of Google's hosts, each under its name. @throws if it isn't loopback. */
export function whereToAsk(url: string, endpoint: string | null): string {
  if (endpoint === null) return url;
  if (!/^http:\/\/127\.0\.0\.1:[0-9]+$/.test(endpoint)) {
    throw new Error("PADDOCK_DEPLOY_GOOGLE_ENDPOINT must be http://127.0.0.1:PORT");
  }
  const { host, pathname, search } = new URL(url);
  return `${endpoint}/${host}${pathname}${search}`;
}

function refusal(status: number, text: string): GoogleRefusal {
  const parsed = ErrorBody.safeParse(jsonOrNull(text));
  if (!parsed.success) return { ok: false, status, reason: "", message: text.slice(0, 300) };
  const { message, details } = parsed.data.error;
  const reason = details.find((detail) => detail.reason !== undefined)?.reason ?? "";
  return { ok: false, status, reason, message };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function sentenceOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0] ?? text;
}
