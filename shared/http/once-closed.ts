import type { ServerResponse } from "node:http";

/**
 * Acts once an answer was sent or its client is gone. A listener alone would miss a client that is
 * gone already, because an event that has happened doesn't come again.
 */
export function onceClosed(
  response: Pick<ServerResponse, "once" | "closed">,
  act: () => void,
): void {
  if (response.closed) act();
  else response.once("close", act);
}
