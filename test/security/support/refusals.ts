import { expect } from "vitest";
import { securityHeaders } from "#shared/pipeline/headers";
import { type Answer, type Sent, send } from "../../kit/client.ts";
import { bodyFor, type Ids, pathFor } from "./samples.ts";
import type { TableRoute } from "./table.ts";

const ownNetwork = 100 + Math.floor(Math.random() * 100);
/** Well below what the edge takes from one address; it remembers 2,000 of them. */
const requestsPerAddress = 500;
let sent = 0;

/** Changes the address now and then, so that only the tested limit applies. */
export function someAddress(): string {
  sent += 1;
  return `127.${ownNetwork}.${Math.floor(sent / requestsPerAddress) % 250}.3`;
}

/** Sends a request that the route would accept, with the credential that `sent` names. */
export async function ask(
  route: TableRoute,
  sent: Sent = {},
  ids?: Ids,
  query = "",
): Promise<Answer> {
  const { method } = route;
  const body = bodyFor(route, ids);
  const options = { method, ...(body ? { body } : {}), ...sent };
  return await send(withQuery(pathFor(route, ids), query), {
    ...options,
    localAddress: someAddress(),
  });
}

/** Expects a refusal in the API's own form, with its code and headers and no internals. */
export function expectRefusal(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code });
  expect(answer.json).toMatchObject({
    error: expect.any(String),
    message: expect.stringMatching(/[.!]$/),
    requestId: expect.stringMatching(/^req_/),
  });
  expect(answer.headers).toMatchObject(securityHeaders);
  expect(answer.text).not.toMatch(/ at .*\.(?:ts|cjs)|node_modules|<html|Firestore|grpc/i);
}

/** Expects two answers that tell their reader the same. */
export function expectSameAnswer(answer: Answer, other: Answer): void {
  const told = ({ status, json }: Answer) => ({ status, ...json, requestId: null });
  expect(told(answer)).toEqual(told(other));
}

/** Adds `?name=value` to a path that may have a query already. */
function withQuery(path: string, query: string): string {
  return path.includes("?") ? path + query.replace("?", "&") : path + query;
}
