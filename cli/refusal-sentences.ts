/**
 * What a refusal or a broken connection means to someone at a command line: where the key and the
 * address are from, and what to do. The API's own sentence knows neither.
 */
import * as z from "zod";

/** What a login without a stored key is called as the place of its key. */
export const entered = "what was entered";

/** Where a client's address and key are from. */
export interface Origin {
  readonly apiUrl: string;
  readonly apiKey: string | null;
  /** `PADDOCK_API_KEY`, `profile NAME` or what was entered. */
  readonly source: string;
  /** `PADDOCK_API_URL`, `profile NAME` or what was entered. */
  readonly urlSource: string;
}

const Refusal = z.object({
  message: z.string(),
  /** Other services answer with messages, too, but with no code of ours. */
  code: z.string(),
  requestId: z.string().optional(),
  details: z.unknown().optional(),
});

export interface Said {
  readonly message: string;
  /** The API's stable code; empty if the answer isn't of this API. */
  readonly code: string;
}

/** What to print of an answer that is no success. */
export function sentenceOfRefusal(answer: Response, text: string, origin: Origin): Said {
  const { status, headers } = answer;
  const parsed = Refusal.safeParse(jsonOrNull(text));
  if (!parsed.success) return { message: sentenceOfStranger(answer, text, origin), code: "" };
  const { message, code, details } = parsed.data;
  const requestId = parsed.data.requestId ?? headers.get("x-request-id");
  const reasons = code === "VALIDATION_FAILED" ? fieldsIn(details, message) : "";
  const id = requestId ? ` (request ${requestId})` : "";
  const isBadKey = status === 401 && message.startsWith("Send a valid API key");
  const what =
    isBadKey && origin.apiKey !== null ? ofKey(origin, origin.apiKey) : message + reasons;
  const hint = hintOf({ status, message, details }, origin);
  return { message: `${what}${hint === "" ? "" : ` ${hint}`}${id}`, code };
}

/** An answer that isn't of this API: a proxy's page, a login page, another service. */
export function sentenceOfStranger(answer: Response, text: string, origin: Origin): string {
  const { status, headers } = answer;
  const isPage = /html/i.test(headers.get("content-type") ?? "") || /^\s*</.test(text);
  const what = isPage ? "a web page" : "something else than this API's JSON";
  const why =
    status === 502 || status === 503 || status === 504
      ? "a proxy before the deployment may not reach it: try again later"
      : "there may be another service, or a proxy before it";
  return `${origin.apiUrl} answered ${status} with ${what}: ${why}. ${checkAddress(origin)}`;
}

const keyForm = /^tb_(?:prod|dev)_[0-9a-f]{64}$/;

/** The API says the same of each bad key, and not where it is from. */
function ofKey({ apiUrl, source }: Origin, apiKey: string): string {
  const form = "it isn't tb_prod_ or tb_dev_ with 64 hexadecimal digits";
  const why = "it is mistyped, revoked, expired, or of another deployment";
  const place = source === entered ? "that was entered" : `of ${source}`;
  return `${apiUrl} refuses the key ${place}: ${keyForm.test(apiKey) ? why : form}.`;
}

interface Refused {
  readonly status: number;
  readonly message: string;
  readonly details: unknown;
}

function hintOf({ status, message, details }: Refused, { source }: Origin): string {
  if (status === 401) return otherKey(source);
  if (status === 402) return "`paddock budget` shows what is left, and the limits.";
  const scope = /lacks the scope ([a-z:]+)/.exec(message)?.[1] ?? scopeIn(details);
  if (status !== 403 || scope === null) return "";
  const make = `\`paddock keys create NAME --scope ${scope}\``;
  return `It is that of ${source}: use one with that scope, or let such a one make it (${make}).`;
}

function scopeIn(details: unknown): string | null {
  const parsed = z.object({ requiredScope: z.string() }).safeParse(details);
  return parsed.success ? parsed.data.requiredScope : null;
}

function otherKey(source: string): string {
  if (source === "PADDOCK_API_KEY") return "Set another one there, or unset it for a stored login.";
  const profile = /^profile (.+)$/.exec(source)?.[1];
  if (profile === undefined) return "";
  const option = profile === "default" ? "" : ` --profile ${profile}`;
  return `Store another one: \`paddock login${option}\`.`;
}

function checkAddress({ urlSource }: Pick<Origin, "urlSource">): string {
  return urlSource === entered
    ? "Check the address."
    : `Check the address, which is of ${urlSource}.`;
}

/** Codes of Node and OpenSSL, and what they mean to somebody who can't change the server. */
const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "names can't be looked up, perhaps for want of a network",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
  UND_ERR_SOCKET: "the connection broke",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ERR_SSL_WRONG_VERSION_NUMBER: "it doesn't speak https there",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it doesn't speak https there",
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is of another name",
};
const ownAuthority = "NODE_EXTRA_CA_CERTS names the file of an authority of your own";
const untrusted = /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.*)$/;

/** Why there was no answer, in a sentence. @param url The address, of this API or of storage. */
export function sentenceOfLoss(url: string, error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && cause.message === "unexpected redirect") {
    return `${url} sends elsewhere, where a key must not follow: use the address it leads to.`;
  }
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const isLate = error instanceof Error && error.name === "TimeoutError";
  const why = isLate ? "no answer in time" : whyOf(code);
  const isLocal = /^http:\/\/(127\.|localhost|\[::1\])/.test(url);
  const start = isLocal && code === "ECONNREFUSED" ? " Is `npm start` running?" : "";
  return `${url} can't be reached: ${why}.${start}`;
}

function whyOf(code: string): string {
  if (untrusted.test(code)) return `its certificate isn't trusted (${ownAuthority})`;
  const known = causes[code];
  if (known !== undefined) return known;
  return code === "" ? "the connection broke" : `the connection broke (${code})`;
}

/** The fields that were refused and why, unless the sentence says it. */
function fieldsIn(details: unknown, sentence: string): string {
  const Fields = z.array(z.object({ field: z.string(), message: z.string() }));
  const parsed = Fields.safeParse(details);
  if (!parsed.success || parsed.data.length === 0) return "";
  const reasons = parsed.data.map(({ field, message }) => `${field} ${message}`);
  const unsaid = reasons.filter((reason) => !sentence.includes(reason));
  return unsaid.length === 0 ? "" : ` ${unsaid.join("; ")}.`;
}

export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
