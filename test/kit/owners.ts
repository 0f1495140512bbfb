/** Owners, threads and messages, made through the front door. */
import { firstOperator } from "../../local/cloud/names.ts";
import { type Answer, eventsOf, send } from "./client.ts";
import { operatorTokenFor } from "./cloud.ts";

export interface TestOwner {
  readonly id: string;
  readonly key: string;
  readonly keyId: string;
}

export async function asOperator(path: string, body: unknown): Promise<Answer> {
  // Asks for a new token each time, because a restarted cloud doesn't know its old ones.
  return await send(path, { key: await operatorTokenFor(firstOperator), body });
}

export async function newOwner(options: { creditUsd?: number } = {}): Promise<TestOwner> {
  const made = await asOperator("/v1/admin/users", { name: "A test owner", mode: "development" });
  if (made.status !== 201) throw new Error(`no owner: ${made.text}`);
  const { user, key } = made.json;
  const amount = options.creditUsd ?? 5;
  if (amount > 0) {
    const credited = await asOperator(`/v1/admin/users/${user.id}/credit`, { amount });
    if (credited.status !== 200) throw new Error(`no credit: ${credited.text}`);
  }
  return { id: user.id, key: key.key, keyId: key.id };
}

/** Another key of an owner, in the form of an owner. */
export async function anotherKey(owner: TestOwner): Promise<TestOwner> {
  const made = await send("/v1/keys", { key: owner.key, body: { name: "doomed" } });
  if (made.status !== 201) throw new Error(`no key: ${made.text}`);
  return { id: owner.id, key: made.json.key, keyId: made.json.id };
}

export async function newEnvironment(key: string, fields: object = {}): Promise<string> {
  const body = { name: "test", computeProfile: "lite", ...fields };
  const made = await send("/v1/environments", { key, body });
  if (made.status !== 201) throw new Error(`no environment: ${made.text}`);
  return made.json.environment.id;
}

export async function newThread(key: string, fields: object = {}): Promise<string> {
  const made = await send("/v1/threads", { key, body: fields });
  if (made.status !== 201) throw new Error(`no thread: ${made.text}`);
  return made.json.thread.id;
}

export interface Run {
  readonly answer: Answer;
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
  readonly events: any[];
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it.
  readonly run: any;
  readonly content: string;
}

/** Sends a script and reads its stream to the end. */
export async function runScript(
  key: string,
  threadId: string,
  content: string,
  more: { body?: object; headers?: Record<string, string>; onText?: (text: string) => void } = {},
): Promise<Run> {
  const answer = await send(`/v1/threads/${threadId}/messages`, {
    key,
    body: { content, ...more.body },
    headers: more.headers ?? {},
    ...(more.onText ? { onText: more.onText } : {}),
  });
  const events = answer.status === 200 ? eventsOf(answer.text) : [];
  const run = events.find(({ type }) => type === "stream.completed")?.run;
  const content_ = events.find(({ type }) => type === "response.completed")?.response.content ?? "";
  return { answer, events, run, content: content_ };
}
