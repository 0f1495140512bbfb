/** Asks the launcher to do what needs root, with one request at a time. */
import type { Socket } from "node:net";
import { Fault } from "#shared/core/fault";
import { linesOf } from "../launcher/lines.ts";
import type {
  Hello,
  LauncherReply,
  LauncherRequest,
  Prepared,
  PreparedLayer,
  SandboxLimits,
  SandboxStopped,
  Started,
} from "../launcher/messages.ts";

export class LauncherLine {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = linesOf(socket);
  }

  hello(): Promise<Hello> {
    return this.#next<Hello>();
  }

  prepare(limits: SandboxLimits, layer: PreparedLayer): Promise<Prepared> {
    return this.#ask<Prepared>({ do: "prepare", limits, layer });
  }

  start(): Promise<Started> {
    return this.#ask<Started>({ do: "start" });
  }

  /** Resolves when the listeners are on their way over the process's channel. */
  async openListeners(ports: readonly number[]): Promise<void> {
    await this.#ask<{ opened: true }>({ do: "open-listeners", ports });
  }

  stop(): Promise<SandboxStopped> {
    return this.#ask<SandboxStopped>({ do: "stop" });
  }

  #ask<T>(request: LauncherRequest): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#socket.write(`${JSON.stringify(request)}\n`);
      const reply = await this.#next<LauncherReply<T>>();
      if ("failed" in reply) throw new Fault(reply.failed);
      return reply.ok;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** The launcher is root and ours, so its messages are trusted to have their type. */
  async #next<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Fault("The launcher is gone.");
    return JSON.parse(line.value);
  }
}
