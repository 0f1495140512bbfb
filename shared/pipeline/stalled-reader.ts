import type { ServerResponse } from "node:http";

/**
 * Disconnects a client that takes nothing of its answer for `stalledMsMax`, because the unsent part
 * stays in memory. A client that waits for our next bytes stays connected.
 */
export function cutOffStalled(response: ServerResponse, stalledMsMax: number): void {
  // Node restarts the timer whenever the socket takes or sends something.
  response.setTimeout(stalledMsMax, () => {
    if (response.writableLength > 0) response.destroy();
  });
}
