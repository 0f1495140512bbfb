import { ResumeQuery } from "./resume-point.ts";
import { type StreamReader, sseStream } from "./sse-stream.ts";
import { type FoundStart, startReading } from "./stream-start.ts";

/** What routes have in common that stream stored events and resume at any of them. */
export const resumableStream = {
  authenticate: "api-key",
  scope: "threads:read",
  query: ResumeQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
  reply: { 200: "stream", 204: "stream" },
  beforeConfirmed: "reads",
  perform: async (context: StreamReader & { readonly data: FoundStart }) =>
    sseStream(context, await startReading(context.deps, context.data)),
} as const;
