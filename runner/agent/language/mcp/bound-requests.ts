/**
 * Bounds the requests to an HTTP server. The library answers whatever the server asks by a request
 * of its own, and opens streams again after the pause that the server names, without end while each
 * ends in order. So a server could use up the connections and the egress log, which belong to the
 * sandbox's programs as well.
 */
import type { ReconnectionScheduler } from "@modelcontextprotocol/client";
import type { Reach } from "../../../egress/reach.ts";
import { ToolError } from "../tools/tool.ts";

/** All servers together hold a part of the 256 connections that an execution may have open. */
const openMax = { all: 100, each: 12, least: 2 };
/** All servers together take half of the log. */
const requestsMax = { all: 50_000, each: 2_500 };
const reconnectionsMax = 1_000;
const pauseMsMin = 1_000;

/** For one of so many servers: how it is reached, as long as it isn't asked too much. */
export function boundReach({ connect, roots }: Reach, serverCount: number): Reach {
  const openShare = Math.max(openMax.least, Math.floor(openMax.all / serverCount));
  const openLimit = Math.min(openMax.each, openShare);
  let open = 0;
  let left = Math.min(requestsMax.each, Math.floor(requestsMax.all / serverCount));
  return {
    roots,
    connect: async (asked, carry) => {
      if (open >= openLimit || left <= 0) throw new ToolError("it has had too many requests.");
      open += 1;
      left -= 1;
      try {
        await connect(asked, carry);
      } finally {
        open -= 1;
      }
    },
  };
}

/** For one server, whatever streams it has. */
export function boundReconnections(): ReconnectionScheduler {
  let left = reconnectionsMax;
  return (reconnect, pauseMs) => {
    left -= 1;
    const timer = left < 0 ? undefined : setTimeout(reconnect, Math.max(pauseMs, pauseMsMin));
    return () => clearTimeout(timer);
  };
}
