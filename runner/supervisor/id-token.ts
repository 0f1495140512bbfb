/** The runner account's ID token, from the metadata server every Cloud Run container has. */
import { Fault } from "#shared/core/fault";
import { callHttp } from "./http-call.ts";

const timeoutMs = 5_000;
const tokenLengthMax = 16_384;
const account = "/computeMetadata/v1/instance/service-accounts/default/identity";

/** @throws {Error} When there is none: without it nothing can be claimed. */
export async function fetchIdToken(metadataHost: string, audience: string): Promise<string> {
  const url = new URL(account, `http://${metadataHost}`);
  url.searchParams.set("audience", audience);
  url.searchParams.set("format", "full");
  const { status, body } = await callHttp({
    method: "GET",
    url: url.href,
    headers: { "Metadata-Flavor": "Google" },
    timeoutMs,
    replyBytesMax: tokenLengthMax,
  });
  const token = body.toString("utf8").trim();
  if (status !== 200) throw new Fault(`The metadata server answered ${status}.`);
  if (token === "") throw new Fault("That isn't an ID token.");
  return token;
}
