import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApiError } from "#shared/errors/api-error";
import { settleBody } from "#shared/http/linger";
import { lingerLimits, refusalAnswer } from "#shared/pipeline/raw-refusal";

/** Answers in the API's own error form. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  settleBody(request, response, lingerLimits);
  const { headers, body } = refusalAnswer(error);
  response.writeHead(error.status, headers);
  response.end(body);
}
