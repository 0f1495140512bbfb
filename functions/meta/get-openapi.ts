import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";
import { staticAnswer, staticText } from "./static-answer.ts";

let document: ReturnType<typeof staticText> | undefined;

/** The description of this API that `npm run docs` writes (`openapi/paddock.json`). */
export const getOpenapi = query({
  ...publicRead,
  endpoint: "GET /v1/openapi.json",
  summary: "This description of the API, as OpenAPI 3.1.",
  preconditions: "honoured",
  reply: { 200: "bytes", 304: "bytes" },
  // Imported late, so that the document can be written when there is none yet.
  read: async () => {
    const { default: value } = await import("../../openapi/paddock.json", {
      with: { type: "json" },
    });
    document ??= staticText("application/json", JSON.stringify(value));
    return document;
  },
  answer: ({ data, request, raw }) =>
    staticAnswer(data, request, raw.headers["accept-encoding"]?.toString()),
});
