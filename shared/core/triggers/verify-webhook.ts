/**
 * Checks who sent a webhook. Senders sign as Standard Webhooks says; GitHub signs in a form of its
 * own, without a time.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 * @see https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { shownSecret } from "../incidents/webhook-signature.ts";

/** How far a signed time may be from ours, as the specification's libraries have it. */
export const replayWindowMs = 5 * 60_000;

export interface SignedRequest {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/** What identifies a delivery, so that a repeated one starts nothing; or why it is refused. */
export type Verified = { readonly deliveryId: string } | { readonly refused: string };

export function verifyWebhook(
  { headers, body }: SignedRequest,
  {
    secret,
    isGithub,
    now,
  }: {
    readonly secret: Buffer;
    readonly isGithub: boolean;
    /** Epoch milliseconds. */
    readonly now: number;
  },
): Verified {
  const text = (name: string) => (typeof headers[name] === "string" ? headers[name] : "");
  const github = text("x-hub-signature-256");
  if (isGithub && github !== "") {
    // GitHub takes the text that it is given for the key.
    const key = Buffer.from(shownSecret(secret));
    const wanted = `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
    if (!isEqual(github, wanted)) return { refused: "the signature doesn't match" };
    // Only the body is signed, so it is what a repetition is recognised by.
    return { deliveryId: createHash("sha256").update(body).digest("hex") };
  }
  const [id, timestamp] = [text("webhook-id"), text("webhook-timestamp")];
  if (id === "" || id.length > 200 || !/^[0-9]{1,12}$/.test(timestamp)) {
    return { refused: "webhook-id, webhook-timestamp and webhook-signature are needed" };
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const wanted = `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;
  const given = text("webhook-signature").split(" ").slice(0, 10);
  if (!given.some((one) => isEqual(one, wanted))) return { refused: "the signature doesn't match" };
  if (Math.abs(Number(timestamp) * 1_000 - now) > replayWindowMs) {
    return { refused: "the signed time is more than five minutes from now" };
  }
  return { deliveryId: id };
}

function isEqual(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
