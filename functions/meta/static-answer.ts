/** Answers with text that is the same for everybody until the next release. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { ApiError } from "#shared/errors/api-error";
import { listElements } from "#shared/http/list-elements";
import { judgePreconditions } from "#shared/http/preconditions";
import type { RequestFacts } from "#shared/pipeline/request-facts";
import type { Reply } from "#shared/pipeline/route";

export interface StaticText {
  readonly contentType: string;
  readonly plain: Buffer;
  /** The public text holds no secret that its compressed length could tell. */
  readonly gzipped: Buffer;
  /** The start of an entity tag; each encoding has a tag of its own (RFC 9110, 8.8.3.3). */
  readonly hash: string;
}

export function staticText(contentType: string, text: string): StaticText {
  const plain = Buffer.from(text);
  const hash = createHash("sha256").update(plain).digest("base64url");
  return { contentType, plain, gzipped: gzipSync(plain, { level: 9 }), hash };
}

/**
 * Compressed for clients that take gzip. What a client has already isn't sent again.
 * @throws {ApiError} `PRECONDITION_FAILED`.
 */
export function staticAnswer(
  { contentType, plain, gzipped, hash }: StaticText,
  request: RequestFacts,
  acceptEncoding: string | undefined,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  const takesGzip = acceptsGzip(acceptEncoding);
  const bytes = takesGzip ? gzipped : plain;
  const etag = takesGzip ? `"${hash}-gzip"` : `"${hash}"`;
  const verdict = judgePreconditions(request.method, request.preconditions, { etag });
  if (verdict === "failed") throw new ApiError("PRECONDITION_FAILED", { headers: { etag } });
  const validators = { etag, vary: "accept-encoding", "cache-control": "no-cache", ...headers };
  if (verdict === "not_modified") {
    return { status: 304, headers: validators, stream: async () => {} };
  }
  return {
    status: 200,
    headers: {
      ...validators,
      "content-type": contentType,
      "content-length": String(bytes.length),
      ...(takesGzip ? { "content-encoding": "gzip" } : {}),
    },
    stream: async (response) => {
      response.write(bytes);
    },
  };
}

/** What is named counts, and `*` for what isn't (RFC 9110, 12.5.3). */
function acceptsGzip(header = ""): boolean {
  const elements = listElements(header);
  const named = (coding: string) =>
    elements.find((element) => element.split(/[ \t;]/, 1)[0]?.toLowerCase() === coding);
  const said = named("gzip") ?? named("x-gzip") ?? named("*");
  return said !== undefined && !/;[ \t]*q=0(?:\.0*)?$/i.test(said);
}
