/** The state that the smoke test's checks share: how to send requests, and what was created. */
import { request as requestPlain } from "node:http";
import { request as requestOverTls } from "node:https";
import * as z from "zod";
import { call } from "../../scripts/demo/api.ts";
import { type Run, sendMessage } from "../../scripts/demo/stream.ts";

const timeoutMs = 15_000;
/** The credit of the smoke test's account; an execution holds 1.2 cents at a time. */
export const creditUsd = 0.05;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly ms: number;
}

/** Thrown if a check can't be made here, with the reason. It is counted and isn't a failure. */
export class NotTried extends Error {
  override readonly name = "NotTried";
}

export interface Ran {
  readonly run: Run;
  readonly output: string;
  /** When each piece of text arrived, in ms after the first. */
  readonly textAtMs: readonly number[];
  readonly endedAtMs: number;
}

const Owner = z.object({ user: z.object({ id: z.string() }), key: z.object({ key: z.string() }) });
const Environment = z.object({ environment: z.object({ id: z.string() }) });
const Thread = z.object({ thread: z.object({ id: z.string() }) });

export class SmokeContext {
  readonly url: URL;
  readonly #operatorToken: string | null;
  /** The account that the checks act as; null until it exists. */
  #owner: Promise<{ readonly id: string; readonly key: string }> | null = null;
  readonly #environments: string[] = [];

  constructor(url: string, operatorToken: string | null) {
    this.url = new URL(url);
    this.#operatorToken = operatorToken;
  }

  /** Whether it answers at an address of Cloud Run's own, before which nothing of ours stands. */
  get isTrial(): boolean {
    return this.url.hostname.endsWith(".run.app");
  }

  get isTls(): boolean {
    return this.url.protocol === "https:";
  }

  /** Sends a request. @throws If there is no answer; the message names the path. */
  async ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    const beganAt = performance.now();
    const request = this.isTls ? requestOverTls : requestPlain;
    return await new Promise((resolve, reject) => {
      const options = { headers, agent: false, signal: AbortSignal.timeout(timeoutMs) };
      const outgoing = request(new URL(path, this.url), options, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text: Buffer.concat(chunks).toString(),
            ms: Math.round(performance.now() - beganAt),
          }),
        );
      });
      outgoing.on("error", (error) => reject(new Error(`${path}: ${error.message}`)));
      outgoing.end();
    });
  }

  /**
   * Makes the account as an operator, in the documented way (KEY-9). @throws {NotTried} without
   * one.
   */
  async owner() {
    this.#owner ??= this.#makeOwner();
    return await this.#owner;
  }

  async #makeOwner() {
    const key = this.#operatorToken;
    if (key === null) throw new NotTried("needs an operator's token (docs/deploy.md)");
    // 409 means that there is one already, 403 that this operator isn't the first one.
    const first = await fetch(new URL("/v1/admin/operators/first", this.url), {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
    });
    if (![201, 403, 409].includes(first.status)) {
      throw new Error(`POST /v1/admin/operators/first: ${first.status} ${await first.text()}`);
    }
    const at = (path: string) => ({ url: new URL(`/v1/admin/users${path}`, this.url).href, key });
    const name = `Smoke test ${new Date().toISOString()}`;
    const { user, key: made } = await call(at(""), Owner, { name, mode: "production" });
    const credit = { amount: creditUsd, description: "Smoke test" };
    await call(at(`/${user.id}/credit`), z.unknown(), credit);
    return { id: user.id, key: made.key };
  }

  async call<T>(path: string, schema: z.ZodType<T>, body?: unknown, method?: string): Promise<T> {
    const { key } = await this.owner();
    const url = new URL(path, this.url).href;
    return await call({ url, key, ...(method === undefined ? {} : { method }) }, schema, body);
  }

  /** Runs a script in its own environment, without a network unless `fields` say so. */
  async run(script: string, fields: object = {}): Promise<Ran> {
    const { key } = await this.owner();
    const named = { name: "smoke", computeProfile: "lite", network: { mode: "none" }, ...fields };
    const { environment } = await this.call("/v1/environments", Environment, named);
    this.#environments.push(environment.id);
    const { thread } = await this.call("/v1/threads", Thread, { environmentId: environment.id });
    const to = { baseUrl: this.url.origin, threadId: thread.id, key };
    let beganAt: number | null = null;
    let output = "";
    const textAtMs: number[] = [];
    for await (const event of sendMessage(to, script)) {
      if (event.type === "stream.error") throw new Error(event.message);
      if (event.type === "stream.completed") {
        const endedAtMs = performance.now() - (beganAt ?? performance.now());
        return { run: event.run, output, textAtMs, endedAtMs };
      }
      if (event.type !== "response.item.completed" || event.item.type !== "text") continue;
      beganAt ??= performance.now();
      textAtMs.push(performance.now() - beganAt);
      output += event.item.content ?? "";
    }
    throw new Error("the stream ended before the execution");
  }

  /**
   * Removes what the checks made, and suspends the account, which can't be removed.
   * @returns What was removed, in words; null if nothing was made.
   */
  async cleanUp(): Promise<string | null> {
    const owner = await this.#owner?.catch(() => null);
    if (!owner) return null;
    for (const id of this.#environments) {
      await this.call(`/v1/environments/${id}`, z.unknown(), undefined, "DELETE");
    }
    const url = new URL(`/v1/admin/users/${owner.id}/suspend`, this.url).href;
    await call({ url, key: this.#operatorToken ?? "" }, z.unknown(), {});
    return `${this.#environments.length} environments deleted, ${owner.id} shut with all its keys`;
  }
}
