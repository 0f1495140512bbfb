/** Calls the public API as anyone would, and takes the first steps of every deployment. */
import * as z from "zod";
import { makeFirstOperator } from "../../local/cloud/make-first-operator.ts";
import { firstOperator } from "../../local/cloud/names.ts";
import type { LocalCloud } from "../../local/cloud.ts";

/** @throws naming the route and its answer. */
export async function call<T>(
  request: { readonly url: string; readonly key: string; readonly method?: string },
  schema: z.ZodType<T>,
  body?: unknown,
): Promise<T> {
  const { url, key } = request;
  const method = request.method ?? (body === undefined ? "GET" : "POST");
  const form = body instanceof FormData;
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined || form ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${text}`);
  return schema.parse(JSON.parse(text));
}

export interface FirstOwner {
  readonly id: string;
  readonly key: string;
}

const Owner = z.object({ user: z.object({ id: z.string() }), key: z.object({ key: z.string() }) });

/** The first operator, an owner with money, and its first key (KEY-9). */
export async function makeFirstOwner(cloud: LocalCloud, creditUsd: number): Promise<FirstOwner> {
  const key = await cloud.operatorToken(firstOperator);
  const admin = `${cloud.baseUrl}/v1/admin`;
  await makeFirstOperator(cloud.baseUrl, key);
  const { user, key: made } = await call({ url: `${admin}/users`, key }, Owner, {
    name: "First owner",
    mode: "development",
  });
  const credit = { amount: creditUsd, description: "Starting credit" };
  await call({ url: `${admin}/users/${user.id}/credit`, key }, z.unknown(), credit);
  return { id: user.id, key: made.key };
}
