import { auditRowBody } from "#shared/answers/audit-row-body";
import { AuditList, AuditQuery } from "#shared/contract/audit";
import { noParams, ok } from "#shared/contract/common";
import { allInOrder } from "#shared/errors/all-in-order";
import { listElements } from "#shared/http/list-elements";
import { findAnyKey } from "#shared/keys/find-any-key";
import { writePaced } from "#shared/limits/paced-writing";
import { recordedRead } from "#shared/pipeline/recorded-read";
import type { Reply } from "#shared/pipeline/route";
import { findRows, type PageOfRows } from "./find-rows.ts";

const ndjson = "application/x-ndjson";

export const listRows = recordedRead({
  name: "list",
  endpoint: "GET /v1/audit",
  summary:
    "The account's audit rows, newest first, by cursor; Accept: application/x-ndjson for lines.",
  params: noParams,
  query: AuditQuery,
  reply: { 200: AuditList },
  read: async ({ caller: { owner }, query, deps: { store } }) => {
    const { keyId } = query;
    const [page] = await allInOrder([
      findRows(store, owner, query),
      keyId === undefined ? null : findAnyKey(store, { ownerId: owner.id, keyId }),
    ]);
    return page;
  },
  filtersIn: ({ limit: _limit, cursor: _cursor, ...filters }) =>
    Object.entries(filters).flatMap(([name, value]) => (value === undefined ? [] : [name])),
  answer({ data: page, request, raw, signal }) {
    if (wantsLines(request.accept)) return asLines(page, raw.url ?? "/", signal);
    const data = page.rows.map(auditRowBody);
    const { next } = page;
    return ok({ object: "list", data, has_more: next !== null, next_cursor: next });
  },
});

/** Whether the header names it, and not with the weight 0, which refuses it (RFC 9110, 12.4.2). */
function wantsLines(accept: string): boolean {
  return listElements(accept.toLowerCase()).some((element) => {
    const [type, ...parameters] = element.split(";").map((part) => part.trim());
    return type === ndjson && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** One row per line; a link header (RFC 8288) names the next page. */
function asLines({ rows, next }: PageOfRows, url: string, signal: AbortSignal): Reply {
  const lines = rows.map((row) => Buffer.from(`${JSON.stringify(auditRowBody(row))}\n`));
  const length = lines.reduce((bytes, line) => bytes + line.length, 0);
  return {
    status: 200,
    headers: {
      "content-type": ndjson,
      "content-length": String(length),
      vary: "accept",
      ...(next === null ? {} : { link: `<${pageAt(url, next)}>; rel="next"` }),
    },
    stream: async (response) => await writePaced(response, lines, signal),
  };
}

function pageAt(url: string, cursor: string): string {
  const [path = "/", query = ""] = url.split("?");
  const parameters = new URLSearchParams(query);
  parameters.set("cursor", cursor);
  return `${path}?${parameters}`;
}
