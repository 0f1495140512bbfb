/**
 * The memory for what MCP servers have sent of messages that don't end yet. All servers of an
 * execution share it. Half of it is divided, so that each is sure of its part whatever the others
 * do; the other half is for those that need more just then, as a screenshot among small answers.
 */
import type { Hold } from "../../../egress/fetch-by-policy.ts";

/** The most that a program's line, and all of a server's open HTTP answers, may take. */
export const messageBytesMax = { line: 8 * 1024 * 1024, answers: 16 * 1024 * 1024 };

export class MessageRoom {
  readonly #sureBytes: number;
  /** What is left of the half that isn't divided. */
  #freeBytes: number;

  constructor(serverCount: number, bytesMax = 32 * 1024 * 1024) {
    this.#freeBytes = Math.floor(bytesMax / 2);
    this.#sureBytes = Math.floor((bytesMax - this.#freeBytes) / serverCount);
  }

  /** For one server, which holds nothing so far. */
  share(ownBytesMax: number): Hold {
    let own = 0;
    const beyond = (bytes: number) => Math.max(0, bytes - this.#sureBytes);
    return (changeBytes) => {
      const next = own + changeBytes;
      const left = this.#freeBytes + beyond(own) - beyond(next);
      // What doesn't fit isn't held, and so needn't be given back.
      if (changeBytes > 0 && (next > ownBytesMax || left < 0)) return false;
      own = next;
      this.#freeBytes = left;
      return true;
    };
  }
}
