/**
 * Bounds what a server may send before its tools are known, which are all kept until then; and the
 * requests to an HTTP server. The library answers whatever the server asks by a request
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
/** All servers start at once, and their lists take ten times as much of the supervisor's memory. */
const listBytesMax = { all: 8 * 1024 * 1024, each: 2 * 1024 * 1024 };
const pauseMsMin = 1_000;

/** What one of so many servers may send until its tools are known. */
export class ListRoom {
  #leftBytes: number;

  constructor(serverCount: number) {
    this.#leftBytes = Math.min(listBytesMax.each, Math.floor(listBytesMax.all / serverCount));
  }

  /** @returns Whether these bytes may come, too. */
  take(bytes: number): boolean {
    this.#leftBytes -= bytes;
    return this.#leftBytes >= 0;
  }

  /** From now on each answer has its own bound. */
  end(): void {
    this.#leftBytes = Number.POSITIVE_INFINITY;
  }
}

/** For one of so many servers: how it is reached, as long as it isn't asked too much. */
export function boundReach(
  { connect, roots }: Reach,
  serverCount: number,
  room: Pick<ListRoom, "take"> = { take: () => true },
): Reach {
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
        await connect(asked, async (connection) => {
          const pass = (bytes: number) => room.take(bytes) && connection.pass(bytes);
          await carry({ ...connection, pass });
        });
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
