/**
 * Signs webhooks as Standard Webhooks says, so that receivers verify them with a library.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
import { createHmac, hkdfSync } from "node:crypto";

const secretBytes = 32;

/**
 * The secret of an owner's webhook. It is derived instead of stored, so that no database has it.
 * @param generation Another number gives another secret.
 */
export function webhookSecret(root: Buffer, ownerId: string, generation: number): Buffer {
  const info = `paddock webhook ${ownerId} ${generation}`;
  return Buffer.from(hkdfSync("sha256", root, Buffer.alloc(0), info, secretBytes));
}

/** The form in which receivers configure it. */
export function shownSecret(secret: Buffer): string {
  return `whsec_${secret.toString("base64")}`;
}

interface SignedMessage {
  /** The same for all attempts, by which receivers find repetitions. */
  readonly id: string;
  readonly sentAt: number;
  readonly body: string;
}

export function webhookHeaders(
  secret: Buffer,
  { id, sentAt, body }: SignedMessage,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(sentAt / 1_000));
  const digest = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${digest}`,
  };
}
