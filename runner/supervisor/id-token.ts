/** The runner account's ID token, from the metadata server every Cloud Run container has. */
import { Fault } from "#shared/core/fault";

const timeoutMs = 5_000;
const tokenLengthMax = 16_384;
const account = "/computeMetadata/v1/instance/service-accounts/default/identity";

/** @throws {Error} When there is none: without it nothing can be claimed. */
export async function fetchIdToken(metadataHost: string, audience: string): Promise<string> {
  const url = new URL(account, `http://${metadataHost}`);
  url.searchParams.set("audience", audience);
  url.searchParams.set("format", "full");
  const response = await fetch(url, {
    headers: { "Metadata-Flavor": "Google" },
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const token = (await response.text()).trim();
  if (!response.ok) throw new Fault(`The metadata server answered ${response.status}.`);
  if (token === "" || token.length > tokenLengthMax) throw new Fault("That isn't an ID token.");
  return token;
}
