/** The first step of every deployment (KEY-9), on this machine. */
import { pollUntil } from "../lib/poll-until.ts";

const withinMs = 60_000;

/**
 * A 503 is asked again, as a client does: on a busy machine the first call may wait longer than the
 * function allows, and a cloud that was just started would be lost.
 * @throws {Error} naming the last status.
 */
export async function makeFirstOperator(baseUrl: string, token: string): Promise<void> {
  let status = 0;
  const made = await pollUntil(async () => {
    const answer = await fetch(`${baseUrl}/v1/admin/operators/first`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body?.cancel();
    status = answer.status;
    return status !== 503;
  }, withinMs);
  if (made === null || status !== 201)
    throw new Error(
      `The cloud has started, but its first request was answered ${status}. If this machine is busy, try again.`,
    );
}
