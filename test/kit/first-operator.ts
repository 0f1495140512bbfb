/** Makes the first operator of a test's cloud. */
import { pollUntil } from "../../local/lib/poll-until.ts";

const withinMs = 60_000;

/**
 * A 503 is asked again, as a client does: on a busy machine the first call may wait longer than the
 * function allows, and a set-up that gave up would fail a whole project.
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
  if (made === null || status !== 201) throw new Error(`the first operator was answered ${status}`);
}
