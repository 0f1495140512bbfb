/** Runs a claimed execution from its workspace to its settlement, which no path leaves out. */
import { describeError } from "#shared/core/describe-error";
import { redact } from "#shared/core/redaction/redaction";
import { cutText } from "#shared/core/usable-text";
import type { Item } from "#shared/protocol/item";
import {
  type ClaimReply,
  type EgressRequest,
  endDetailLengthMax,
  type SettleRequest,
} from "#shared/protocol/runner";
import { modelDoorUrl } from "../egress/proxy-environment.ts";
import type { NetworkOverride } from "../egress/test-network.ts";
import { EventSender } from "./event-sender.ts";
import type { ExecutionSecrets } from "./execution-secrets.ts";
import { fillLayer, LayerError } from "./fill-layer.ts";
import { type Gateway, GatewayError, mayPass } from "./gateway.ts";
import { Heartbeat } from "./heartbeat.ts";
import { ItemRoom } from "./item-room.ts";
import { KeptWorkspace } from "./kept-workspace.ts";
import type { LauncherLine } from "./launcher-client.ts";
import { log } from "./log.ts";
import { decideOutcome, type ExecutionOutcome, reasonNotes, type StopReason } from "./outcome.ts";
import { Output } from "./output.ts";
import { redactItem } from "./redact-item.ts";
import { runModel } from "./run-model.ts";
import { WayOut } from "./sandbox-egress.ts";
import { IsolationError, SandboxSession } from "./sandbox-session.ts";
import { Stop, Stopped } from "./stop.ts";

/** The time between asking processes to end and killing them; shorter during a shutdown. */
const graceMs = { normal: 5_000, shutdown: 2_000 };
/** The time for saving and settling; with the grace period, a shutdown takes 8 s. */
const savingMs = { normal: 120_000, shutdown: 3_500 };
const settlingMs = { normal: 60_000, shutdown: 2_000 };

export interface ExecutionDeps {
  readonly gateway: Gateway;
  readonly launcher: LauncherLine;
  readonly network: NetworkOverride;
  /** Where language models are called. */
  readonly modelGatewayUrl: string;
  readonly secrets: ExecutionSecrets;
  /** The reason why no sandbox can be started, if there is one. */
  readonly unavailable: string | null;
}

type WorkspaceState = SettleRequest["workspace"];

export class SupervisedExecution {
  readonly #deps: ExecutionDeps;
  readonly #claimed: ClaimReply;
  readonly #stop = new Stop();
  readonly #session: SandboxSession;
  readonly #events: EventSender;
  readonly #output: Output;
  readonly #items: ItemRoom;
  readonly #heartbeat: Heartbeat;
  readonly #wayOut: WayOut;
  readonly #workspace: KeptWorkspace;
  readonly #redaction;
  #pace: "normal" | "shutdown" = "normal";
  #deadlineMs = 0;
  #detail: string | undefined;

  constructor(deps: ExecutionDeps, claimed: ClaimReply) {
    const { gateway, launcher, network, secrets } = deps;
    this.#deps = deps;
    this.#claimed = claimed;
    this.#session = new SandboxSession(launcher, claimed, secrets);
    this.#redaction = secrets.redaction;
    const now = () => Date.now();
    this.#events = new EventSender(
      {
        send: (events) => gateway.events(events, this.#heartbeat.readerUntil),
        now,
        mayPass,
        onFailure: (error) => this.#onSendFailure(error),
      },
      claimed.flushIntervalMs,
    );
    const { streamBytesMax } = claimed.limits;
    const onRunaway = () => this.#stop.request("output_limit");
    this.#output = new Output({
      redaction: this.#redaction,
      streamBytesMax,
      onText: (text) => this.#events.text(text),
      onRunaway,
    });
    this.#items = new ItemRoom(streamBytesMax, onRunaway);
    const send = (batch: EgressRequest) => gateway.egress(batch);
    const wayOut = { launcher, network, terminator: secrets.bound, send };
    const models = wantsModels(claimed)
      ? { url: deps.modelGatewayUrl, token: claimed.modelToken }
      : null;
    this.#wayOut = new WayOut({ ...wayOut, models, secrets: secrets.values }, claimed.network);
    this.#heartbeat = new Heartbeat(
      {
        send: (lease) => gateway.heartbeat(lease),
        now,
        onStop: (why) => this.#stop.request(why),
      },
      claimed.lease,
    );
    this.#workspace = new KeptWorkspace(gateway, claimed, {
      note: (text) => this.#note(text),
      // Who builds a layer doesn't want to hear of each of its thousands of files.
      emit: (item) => (this.#isBuild ? undefined : this.#emit(item)),
    });
  }

  get #isBuild(): boolean {
    return this.#claimed.layer?.use === "build";
  }

  /** Ends it as cancelled, within the few seconds that Cloud Run grants. */
  shutDown(): void {
    this.#pace = "shutdown";
    this.#stop.request("cancelled");
  }

  /**
   * Handles an uncaught error. Its effects are unknown, so nothing more is run; but the execution
   * is settled, and its attempted connections are reported.
   */
  crashed(error: unknown): void {
    const why = this.#cleaned(describeError(error));
    log("ERROR", "uncaught", { executionId: this.#claimed.executionId, why });
    this.#stop.request("runner_error");
  }

  /** @returns Whether the execution was settled, or belongs to another attempt. */
  async run(): Promise<boolean> {
    this.#deadlineMs = performance.now() + this.#claimed.limits.wallClockMs;
    const limit = setTimeout(
      () => this.#stop.request("time_limit"),
      Math.min(this.#claimed.limits.wallClockMs, 2 ** 31 - 1),
    );
    const ending = this.#stop.requested.then((reason) => this.#endSandbox(reason));
    const outcome = await this.#work().catch((error: unknown) => this.#failure(error));
    clearTimeout(limit);
    if (this.#stop.reason !== null) await ending;
    if (this.#stop.reason === "lost") return true;
    return this.#finish(outcome);
  }

  async #work(): Promise<ExecutionOutcome> {
    const { unavailable } = this.#deps;
    if (unavailable !== null) throw new IsolationError(unavailable);
    const { gateway } = this.#deps;
    const [{ workspace, layer }] = await this.#stop.unless(
      Promise.all([this.#session.prepare(), this.#workspace.fetch()]),
    );
    const filled = [
      this.#workspace.fill(workspace),
      fillLayer(gateway, this.#claimed.layer, layer),
    ];
    await this.#stop.unless(Promise.all(filled));
    const startedAtMs = performance.now();
    await this.#stop.unless(this.#session.start(() => this.#wayOut.open()));
    const sandboxStartMs = Math.round(performance.now() - startedAtMs);
    log("INFO", "sandbox proven", { executionId: this.#claimed.executionId, sandboxStartMs });
    this.#workspace.tellWhatIsMissing();
    const { exitCode, why, unfinished } = await runModel({
      claimed: this.#claimed,
      session: this.#session,
      output: this.#output,
      stop: this.#stop,
      redaction: this.#redaction,
      modelGatewayUrl: this.#deps.modelGatewayUrl,
      deadlineMs: this.#deadlineMs,
      emit: (item) => this.#emit(item),
      note: (text) => this.#note(text),
      onRefused: (attempt) => this.#wayOut.refused(attempt),
      reach: this.#wayOut.reach,
    });
    const { memoryKills, processRefusals } = await this.#session.stop();
    const outcome = decideOutcome({
      stopped: this.#stop.reason,
      exitCode,
      unfinished,
      memoryKills,
      processRefusals,
      diskFull: this.#session.isDiskFull(),
      outputTail: this.#output.outputTail,
    });
    // Names the script or limit that ended it, unless another reason explains the end better.
    const isOurs = outcome.reason === "command_failed" || outcome.reason === unfinished;
    if (why !== undefined && isOurs) this.#detail = why;
    return outcome;
  }

  #emit(item: Item): void {
    const shown = this.#items.take(redactItem(this.#redaction, item));
    if (shown !== null) this.#events.emit(shown);
  }

  #note(text: string): void {
    const safe = `${redact(this.#redaction, text)}\n`;
    this.#output.addToAnswer(safe);
    this.#events.text(safe);
  }

  #cleaned(text: string): string {
    return cutText(redact(this.#redaction, text).toWellFormed(), endDetailLengthMax);
  }

  #failure(error: unknown): ExecutionOutcome {
    const why = this.#cleaned(describeError(error));
    const seen = { exitCode: null, memoryKills: 0, processRefusals: 0, outputTail: "" };
    const diskFull = error instanceof Error && "code" in error && error.code === "ENOSPC";
    if (error instanceof Stopped || diskFull) {
      return decideOutcome({ ...seen, stopped: this.#stop.reason, diskFull });
    }
    log("ERROR", "execution failed", { executionId: this.#claimed.executionId, why });
    if (error instanceof LayerError) this.#detail = why;
    const reason = error instanceof IsolationError ? "isolation_unavailable" : "runner_error";
    return { outcome: "failed", reason, exitCode: null };
  }

  /** Asks everything inside to end, then ends it. */
  async #endSandbox(reason: StopReason): Promise<void> {
    this.#session.terminate();
    const ended = Promise.withResolvers<void>();
    const timer = setTimeout(ended.resolve, reason === "lost" ? 0 : graceMs[this.#pace]);
    void this.#session.over.then(ended.resolve);
    await ended.promise;
    clearTimeout(timer);
    await this.#session.stop().catch(() => undefined);
  }

  #onSendFailure(error: unknown): void {
    const isStale = error instanceof GatewayError && error.isStale;
    if (isStale) this.#stop.request("lost");
    log("WARNING", "events are not heard", { why: describeError(error) });
  }

  async #finish({ outcome, reason, exitCode }: ExecutionOutcome): Promise<boolean> {
    // What a build that failed has made is no layer, and isn't kept.
    const isKept = !this.#isBuild || outcome === "success";
    const workspace = isKept ? await this.#save() : ({ state: "unchanged" } as const);
    const sentence = reasonNotes[reason];
    if (sentence !== undefined) this.#note(sentence);
    const refused = outcome === "failed" ? this.#wayOut.note() : null;
    if (refused !== null) this.#note(refused);
    const settleBy = Date.now() + settlingMs[this.#pace];
    const tellBy = settleBy - settlingMs.shutdown / 2;
    const told = Promise.all([this.#events.end(tellBy), this.#wayOut.close(tellBy)]);
    await Promise.race([told, until(tellBy)]);
    if (!this.#events.isComplete) this.#output.addToAnswer("Not all events could be stored.\n");
    const request: SettleRequest = {
      leaseVersion: await this.#heartbeat.end(),
      outcome,
      reason,
      exitCode,
      ...(this.#detail === undefined ? {} : { detail: this.#cleaned(this.#detail) }),
      ...this.#output.answer(),
      workspace,
      eventsLastSequence: this.#events.lastSequence,
    };
    try {
      await this.#deps.gateway.settle(request, settleBy);
      log("INFO", "settled", { executionId: this.#claimed.executionId, outcome, reason });
      return true;
    } catch (error) {
      log("ERROR", "not settled", {
        executionId: this.#claimed.executionId,
        why: describeError(error),
      });
      return error instanceof GatewayError && error.isStale;
    }
  }

  async #save(): Promise<WorkspaceState> {
    if (!this.#workspace.isFilled) return { state: "unchanged" };
    try {
      await this.#session.stop();
      return await this.#workspace.save(() => Date.now() + savingMs[this.#pace]);
    } catch (error) {
      const why = this.#cleaned(describeError(error));
      this.#note("The workspace could not be saved.");
      return { state: "not_saved", why };
    }
  }
}

/** Whether a program inside is told to call models by us: its settings name our address. */
function wantsModels({ environmentVariables }: ClaimReply): boolean {
  return environmentVariables.some(({ value }) => value.startsWith(modelDoorUrl));
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, time - Date.now())).unref();
  });
}
