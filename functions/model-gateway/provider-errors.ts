/** Refusals in the form in which each provider's clients read their own. */
import type { WireProtocol } from "#shared/core/models/model";
import type { JsonReply } from "#shared/pipeline/route";

export interface Refusal {
  readonly status: 400 | 402 | 404 | 409 | 413 | 426 | 429 | 502 | 503 | 504;
  readonly message: string;
  /** Seconds after which the client may try again; null if it shouldn't. */
  readonly retryAfterS: number | null;
}

const anthropicTypes: Readonly<Record<Refusal["status"], string>> = {
  400: "invalid_request_error",
  402: "billing_error",
  404: "not_found_error",
  409: "invalid_request_error",
  413: "request_too_large",
  426: "invalid_request_error",
  429: "rate_limit_error",
  502: "api_error",
  503: "overloaded_error",
  504: "timeout_error",
};

const openaiTypes: Readonly<Record<Refusal["status"], string>> = {
  ...anthropicTypes,
  402: "insufficient_quota",
  404: "invalid_request_error",
  413: "invalid_request_error",
  502: "server_error",
  503: "server_error",
  504: "server_error",
};

const geminiStatuses: Readonly<Record<Refusal["status"], string>> = {
  400: "INVALID_ARGUMENT",
  402: "FAILED_PRECONDITION",
  404: "NOT_FOUND",
  409: "ABORTED",
  413: "INVALID_ARGUMENT",
  426: "INVALID_ARGUMENT",
  429: "RESOURCE_EXHAUSTED",
  502: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export function refusalReply(protocol: WireProtocol, refusal: Refusal): JsonReply {
  const { status, retryAfterS } = refusal;
  const headers =
    retryAfterS === null
      ? // The clients of Anthropic and OpenAI would try again after some of these statuses.
        { "x-should-retry": "false" }
      : { "retry-after": String(retryAfterS) };
  return { status, headers, body: bodyOf(protocol, refusal) };
}

function bodyOf(protocol: WireProtocol, { status, message }: Refusal): object {
  if (protocol === "anthropic-messages") {
    return { type: "error", error: { type: anthropicTypes[status], message } };
  }
  if (protocol === "gemini") {
    return { error: { code: status, message, status: geminiStatuses[status] } };
  }
  const type = openaiTypes[status];
  return { error: { message, type, param: null, code: status === 402 ? type : null } };
}
