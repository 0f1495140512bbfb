/** The reference page: the API's description for people, made by `npm run docs`. */
import { publicRead } from "#shared/pipeline/public-read";
import { type QueryRoute, query } from "#shared/pipeline/route";
import { type StaticText, staticAnswer, staticText } from "./static-answer.ts";

/** Everything comes from the page's own origin, and nothing is written into the page itself. */
const policy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

interface Part {
  readonly endpoint: `GET /${string}`;
  readonly summary: string;
  readonly contentType: string;
  /** Only a bundle has these texts, so they are imported late. */
  readonly textOf: () => Promise<string>;
}

const prepared = new Map<string, StaticText>();

async function prepare({ endpoint, contentType, textOf }: Part): Promise<StaticText> {
  const known = prepared.get(endpoint);
  if (known) return known;
  const text = staticText(contentType, await textOf());
  prepared.set(endpoint, text);
  return text;
}

function partOfPage(part: Part): QueryRoute {
  const { endpoint, summary } = part;
  return query({
    ...publicRead,
    endpoint,
    summary,
    preconditions: "honoured",
    reply: { 200: "bytes", 304: "bytes" },
    read: async () => await prepare(part),
    answer: ({ data, request, raw }) =>
      staticAnswer(data, request, raw.headers["accept-encoding"]?.toString(), {
        "content-security-policy": policy,
      }),
  });
}

export const getReference = partOfPage({
  endpoint: "GET /docs",
  summary: "This API's reference, as a page for people.",
  contentType: "text/html; charset=utf-8",
  textOf: async () =>
    (await import("../../openapi/reference.html.txt", { with: { type: "text" } })).default,
});

export const getReferenceStyle = partOfPage({
  endpoint: "GET /docs/style.css",
  summary: "The looks of the reference page.",
  contentType: "text/css; charset=utf-8",
  textOf: async () => (await import("./reference/style.css", { with: { type: "text" } })).default,
});

export const getReferenceSearch = partOfPage({
  endpoint: "GET /docs/search.js",
  summary: "The search of the reference page.",
  contentType: "text/javascript; charset=utf-8",
  textOf: async () => (await import("./reference/search.js", { with: { type: "text" } })).default,
});
