import type { ShapeSentences } from "./request-shape.ts";
import { ProviderRefusal, type RawCall } from "./wire-protocol.ts";

/** @throws {ProviderRefusal} 401 unless the request has an accepted key. */
export function checkBearer({ headers, keys }: RawCall): void {
  const key = headers.authorization?.match(/^Bearer (\S+)$/)?.[1];
  if (key === undefined) throw new ProviderRefusal(401, "You didn't provide an API key.");
  if (!keys.has(key)) {
    throw new ProviderRefusal(401, "Incorrect API key provided.", "invalid_api_key");
  }
}

export const openaiSentences: ShapeSentences = {
  unknown: (path) => `Unknown parameter: '${path}'.`,
  missing: (path) => `Missing required parameter: '${path}'.`,
  invalid: (path) => `Invalid value for '${path}'.`,
};

const errorTypes = new Map([
  [401, "invalid_request_error"],
  [429, "rate_limit_error"],
  [500, "server_error"],
  [503, "server_error"],
]);

export function openaiErrorBody(status: number, message: string, code?: string): object {
  const type = errorTypes.get(status) ?? "invalid_request_error";
  const rateCode = status === 429 ? "rate_limit_exceeded" : null;
  return { error: { message, type, param: null, code: code ?? rateCode } };
}

export const openaiHeaders = () => ({
  "x-request-id": `req_${crypto.randomUUID().replaceAll("-", "")}`,
  "openai-version": "2020-10-01",
});
