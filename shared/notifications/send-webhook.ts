import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { refuseStrangeAnswers } from "../http/strange-answers.ts";
import { resolveWebhook } from "./webhook-address.ts";

const sendMsMax = 15_000;

/**
 * Sends one request to an address of the internet, and follows no redirect.
 * @returns null if it was taken (2xx); otherwise why not, in our own words.
 */
export async function sendWebhook(
  target: string,
  message: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
): Promise<string | null> {
  const pinned = await resolveWebhook(target).catch(() => null);
  if (!pinned) return "the URL isn't allowed, or its host can't be found";
  const { url, address, family } = pinned;
  const signal = AbortSignal.timeout(sendMsMax);
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const send = url.protocol === "http:" ? requestHttp : requestHttps;
  const outgoing = send(url, {
    method: "POST",
    agent: false,
    signal,
    // The name is only for TLS and the Host header; the address was judged.
    lookup: (_host, options, found) =>
      options.all ? found(null, [{ address, family }]) : found(null, address, family),
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(message.body),
      "user-agent": "paddock-webhooks/1",
      ...message.headers,
    },
  });
  refuseStrangeAnswers(outgoing, () => resolve("it gave no answer of HTTP"));
  outgoing.on("response", (incoming) => {
    const { statusCode = 0 } = incoming;
    // What it says is of no interest, however long it is.
    incoming.destroy();
    resolve(statusCode >= 200 && statusCode < 300 ? null : `it answered ${statusCode}`);
  });
  outgoing.on("error", () => {
    resolve(signal.aborted ? "it didn't answer in time" : "it can't be reached");
  });
  outgoing.end(message.body);
  return await promise;
}
