import type { ServerResponse } from "node:http";

/**
 * Cuts a client off that has an answer to read and takes nothing of it for so long: what it was
 * written would be held in memory for as long as it likes. One that waits for us is left alone.
 */
export function cutOffStalled(response: ServerResponse, stalledMsMax: number): void {
  // Node's timer goes on whenever the socket takes or sends something.
  response.setTimeout(stalledMsMax, () => {
    if (response.writableLength > 0) response.destroy();
  });
}
