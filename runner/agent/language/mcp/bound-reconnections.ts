/**
 * Bounds how often the streams of an HTTP server are opened again. The server says after which
 * pause, and each stream that it ends in order begins the library's own count anew; so it could use
 * up the connections and the egress log, which belong to the sandbox's programs as well.
 */
import type { ReconnectionScheduler } from "@modelcontextprotocol/client";

/** Together with 20 servers' this is a fifth of the log. */
const reconnectionsMax = 1_000;
const pauseMsMin = 1_000;

/** For one server, whatever streams it has. */
export function boundReconnections(): ReconnectionScheduler {
  let left = reconnectionsMax;
  return (reconnect, pauseMs) => {
    left -= 1;
    const timer = left < 0 ? undefined : setTimeout(reconnect, Math.max(pauseMs, pauseMsMin));
    return () => clearTimeout(timer);
  };
}
