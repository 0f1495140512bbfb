/** One sandbox: its workspace is filled, it is started and tested, runs scripts, and is killed. */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { describeError } from "#shared/core/describe-error";
import { Fault } from "#shared/core/fault";
import type { ClaimReply } from "#shared/protocol/runner";
import type { SandboxCall, ServeCall } from "../agent/model.ts";
import { proxyEnvironment, proxyPort, refusedEnvironment } from "../egress/proxy-environment.ts";
import type { Prepared, SandboxStopped } from "../launcher/messages.ts";
import { missingWalls } from "./check-isolation.ts";
import type { ExecutionSecrets } from "./execution-secrets.ts";
import { preparedLayer } from "./fill-layer.ts";
import {
  type CallEnded,
  type CallHandlers,
  type InitLine,
  listenForInit,
  type OpenInput,
  type RefusedAttempt,
  type RunHandlers,
} from "./init-connection.ts";
import type { LauncherLine } from "./launcher-client.ts";
import { shellExitCode } from "./outcome.ts";
import { writeSkills } from "./skill-folders.ts";

/** Thrown if a wall isn't proven; nothing was run. */
export class IsolationError extends Fault {
  override readonly name = "IsolationError";
}

/** A file system with fewer free blocks counts as full. */
const blocksLeftMin = 4;

export class SandboxSession {
  readonly #launcher: LauncherLine;
  readonly #claimed: ClaimReply;
  readonly #secrets: ExecutionSecrets;
  #prepared: Prepared | undefined;
  #init: InitLine | undefined;
  readonly #idle = Promise.withResolvers<void>();
  #isTerminated: boolean = false;
  /** How many scripts and calls run. */
  #working = 0;
  #stopping: Promise<SandboxStopped> | undefined;

  constructor(launcher: LauncherLine, claimed: ClaimReply, secrets: ExecutionSecrets) {
    this.#launcher = launcher;
    this.#claimed = claimed;
    this.#secrets = secrets;
  }

  /** @returns The empty folders of the workspace and of its layer, which the caller may fill. */
  async prepare(): Promise<Pick<Prepared, "workspace" | "layer">> {
    const { streamBytesMax: _, wallClockMs: __, ...limits } = this.#claimed.limits;
    const layer = preparedLayer(this.#claimed.layer);
    this.#prepared = await this.#launcher.prepare(limits, layer).catch(unavailable);
    this.#secrets.writeTrustFiles(this.#prepared.trust);
    const { skills } = this.#claimed.skills;
    if (skills.length > 0) writeSkills(join(this.#prepared.trust, "skills"), skills);
    return this.#prepared;
  }

  /**
   * @param beside Work to do while the walls are tested; it is done when this resolves.
   * @throws {IsolationError} If it doesn't start, or a wall isn't proven.
   */
  async start(beside: () => Promise<void> = async () => undefined): Promise<void> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Fault("Not prepared.");
    const listener = await listenForInit(prepared.socket);
    const started = await this.#launcher.start().catch(unavailable);
    const made = beside();
    made.catch(() => undefined);
    const init = await listener.accept();
    const report = await init.probe().catch((error: unknown) => this.#neverProven(error));
    const { limits } = this.#claimed;
    const missing = missingWalls({ report, started, limits, sandboxUid: prepared.sandboxUid });
    if (missing.length > 0) throw new IsolationError(missing.join("; "));
    await made;
    this.#init = init;
  }

  /** Adds the output of bubblewrap and of the first process, which explains why they ended. */
  async #neverProven(error: unknown): Promise<never> {
    const { diagnostics } = await this.stop();
    return unavailable(new Fault(`${describeError(error)} ${diagnostics}`.trim()));
  }

  /** @returns The exit code as a shell reports it; null if the sandbox ended first. */
  async run(script: string, handlers: RunHandlers): Promise<number | null> {
    const request = { script, ...this.#shellSettings() };
    const init = this.#init;
    const end = init === undefined ? null : await this.#busy(init.run(request, handlers));
    return end === null ? null : shellExitCode(end);
  }

  /** What a shell inside starts with. */
  #shellSettings(): { environment: Record<string, string>; refusingPort: number | null } {
    const hasNetwork = this.#claimed.network.mode !== "none";
    const proxy = hasNetwork ? proxyEnvironment : refusedEnvironment;
    const environment = { ...proxy, ...this.#secrets.variables() };
    return { environment, refusingPort: hasNetwork ? null : proxyPort };
  }

  /** Sets who hears of attempts to leave a sandbox without a network. */
  reportRefused(onRefused: (attempt: RefusedAttempt) => void): void {
    this.#init?.reportRefused(onRefused);
  }

  /** Does one thing inside, beside others. @returns Null if the sandbox ended first. */
  async call(request: SandboxCall, handlers: CallHandlers): Promise<CallEnded | null> {
    const init = this.#init;
    if (init === undefined) return null;
    const whole = request.do === "shell" ? { ...request, ...this.#shellSettings() } : request;
    return await this.#busy(init.call(whole, handlers));
  }

  /**
   * Runs a program whose input stays open; nobody waits for its end. Null if the sandbox has ended.
   */
  serve(request: ServeCall, handlers: CallHandlers): OpenInput | null {
    const { environment, refusingPort } = this.#shellSettings();
    const whole = { ...request, environment: { ...environment, ...request.environment } };
    return this.#init?.open({ do: "serve", ...whole, refusingPort }, handlers) ?? null;
  }

  async #busy<T>(work: Promise<T>): Promise<T> {
    this.#working += 1;
    return await work.finally(() => {
      this.#working -= 1;
      if (this.#isTerminated && this.#working === 0) this.#idle.resolve();
    });
  }

  /** Resolves when the processes that were asked to end have ended. */
  get over(): Promise<void> {
    return this.#idle.promise;
  }

  /** Asks everything inside to end; does nothing if nothing runs. */
  terminate(): void {
    this.#isTerminated = true;
    if (this.#init === undefined || this.#working === 0) this.#idle.resolve();
    this.#init?.terminate();
  }

  /** Kills all processes and makes the workspace ours again. It may be called twice. */
  stop(): Promise<SandboxStopped> {
    this.#stopping ??= this.#launcher.stop();
    return this.#stopping;
  }

  isDiskFull(): boolean {
    if (this.#prepared === undefined) return false;
    return [this.#prepared.workspace, this.#prepared.tmp].some((path) => {
      const { bfree, ffree } = statfsSync(path);
      return bfree < blocksLeftMin || ffree === 0;
    });
  }
}

function unavailable(error: unknown): never {
  throw new IsolationError(describeError(error));
}
