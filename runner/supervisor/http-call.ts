/**
 * One HTTP call of the supervisor, with a deadline and a size limit, and without redirects. It uses
 * Node's own client, because `fetch` compiles a WebAssembly parser in every process, which takes
 * more CPU than everything else that the supervisor does for a short execution.
 */
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import { refuseStrangeAnswers } from "#shared/http/strange-answers";

export interface HttpCall {
  readonly method: "GET" | "PUT" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
  /** The time from the first byte sent to the last byte read. */
  readonly timeoutMs: number;
  readonly replyBytesMax: number;
}

export interface HttpReply {
  readonly status: number;
  readonly body: Buffer;
}

/** There was no complete answer; repeating the call may help. */
export class UnansweredError extends Fault {
  override readonly name = "UnansweredError";
}

/**
 * @returns Any answer of the server; a redirect is an answer, too, and isn't followed.
 * @throws {UnansweredError} If the connection breaks, or time is up.
 * @throws {Fault} If the answer is too large.
 */
export async function callHttp(call: HttpCall): Promise<HttpReply> {
  const sent = await send(call);
  const answered = Promise.withResolvers<HttpReply>();
  const late = setTimeout(() => {
    sent.destroy(new UnansweredError(`No answer within ${call.timeoutMs} ms.`));
  }, call.timeoutMs);
  const fail = (error: Error) => answered.reject(unanswered(error));
  sent.on("error", fail);
  refuseStrangeAnswers(sent, fail);
  sent.once("response", (response) => {
    readBounded(response, call.replyBytesMax).then(
      (body) => answered.resolve({ status: response.statusCode ?? 0, body }),
      (error: unknown) => {
        sent.destroy();
        answered.reject(error);
      },
    );
  });
  sent.end(call.body);
  return await answered.promise.finally(() => clearTimeout(late));
}

/** TLS is loaded by the first call that needs it. */
async function send({ method, url, headers, body }: HttpCall): Promise<ClientRequest> {
  const length = body === undefined ? {} : { "content-length": `${Buffer.byteLength(body)}` };
  const options = { method, headers: { ...headers, ...length } };
  const target = new URL(url);
  if (target.protocol === "http:") return request(target, options);
  const https = await import("node:https");
  return https.request(target, options);
}

async function readBounded(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const ended = Promise.withResolvers<Buffer>();
  response.on("data", (chunk: Buffer) => {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) ended.reject(new Fault("The answer is too large."));
    else chunks.push(chunk);
  });
  response.once("error", (error) => ended.reject(unanswered(error)));
  response.once("end", () => ended.resolve(Buffer.concat(chunks)));
  return await ended.promise;
}

function unanswered(error: Error): UnansweredError {
  if (error instanceof UnansweredError) return error;
  return new UnansweredError(describeError(error), { cause: error });
}
