/** The runner account's ID token, from the metadata server that every Cloud Run container has. */
import { setTimeout as wait } from "node:timers/promises";
import { Fault } from "#shared/core/fault";
import { claimingMsMax } from "#shared/protocol/job";
import { callHttp, UnansweredError } from "./http-call.ts";

const tokenLengthMax = 16_384;
const account = "/computeMetadata/v1/instance/service-accounts/default/identity";

/**
 * The time for one try, for the pause after it, and for all tries. On a machine that lacks CPU, one
 * try may take too long.
 */
const usualMs = { try: 5_000, pause: 250, all: claimingMsMax };

/** @throws {Error} If no token can be had; without one nothing can be claimed. */
export async function fetchIdToken(
  metadataHost: string,
  audience: string,
  ms = usualMs,
): Promise<string> {
  const url = new URL(account, `http://${metadataHost}`);
  url.searchParams.set("audience", audience);
  url.searchParams.set("format", "full");
  const giveUpAt = performance.now() + ms.all;
  for (;;) {
    try {
      return await askOnce(url, ms.try);
    } catch (error) {
      if (!(error instanceof UnansweredError) || performance.now() > giveUpAt) throw error;
      await wait(ms.pause);
    }
  }
}

async function askOnce(url: URL, timeoutMs: number): Promise<string> {
  const { status, body } = await callHttp({
    method: "GET",
    url: url.href,
    headers: { "Metadata-Flavor": "Google" },
    timeoutMs,
    replyBytesMax: tokenLengthMax,
  });
  const answered = `The metadata server answered ${status}.`;
  if (status >= 500 || status === 429) throw new UnansweredError(answered);
  if (status !== 200) throw new Fault(answered);
  const token = body.toString("utf8").trim();
  if (token === "") throw new Fault("That isn't an ID token.");
  return token;
}
