/**
 * A day, event by event: start, queue, claim, slices, settlement. The product's own functions
 * decide about money, limits and turns; the rest is the platform's time.
 */
import { hold } from "#shared/core/money/hold";
import { effectiveLimits, firstHoldRequest } from "#shared/executions/first-hold-request";
import { type AccountChange, AccountLane } from "./account-lane.ts";
import { durations } from "./assumptions.ts";
import { Clock } from "./clock.ts";
import type { DaySettings } from "./day-settings.ts";
import { type Arrival, type Demand, midnight } from "./demand.ts";
import { Outbox } from "./outbox.ts";
import { keyId, nextRenewalMs, renewed, settled, startingAccount } from "./owner-state.ts";
import { PlatformQuota } from "./platform-quota.ts";
import type { SimulatedRun } from "./run.ts";
import { PerMinute, type StartRefusal, Tally } from "./tally.ts";
import { eventBatchesOf } from "./usage-totals.ts";

export interface DayResult {
  readonly tally: Tally;
  readonly lanes: readonly AccountLane[];
  readonly chargedMicrousd: number;
  /** Executions that waited for room when the day ended. */
  readonly queuedAtMidnight: number;
}

/** Plays the day, and goes on until nothing waits or runs any more. */
export function simulateDay(demand: Demand, settings: DaySettings): DayResult {
  return new Day(demand, settings).play();
}

class Day {
  readonly #clock = new Clock(midnight);
  readonly #tally = new Tally();
  readonly #settings: DaySettings;
  readonly #arrivals: readonly Arrival[];
  readonly #lanes: readonly AccountLane[];
  readonly #room: PlatformQuota;
  readonly #outbox: Outbox;
  /** For each instance of `threads`: when it stops leaving new executions to the outbox. */
  readonly #standBackUntil: number[] = [];
  #sequence = 0;
  #chargedMicrousd = 0;
  #queuedAtMidnight = 0;

  constructor(demand: Demand, settings: DaySettings) {
    this.#settings = settings;
    this.#arrivals = demand.arrivals;
    this.#room = new PlatformQuota(settings.room);
    this.#lanes = demand.owners.map((owner) => {
      const commits = new PerMinute();
      const account = startingAccount(owner, settings);
      return new AccountLane(this.#clock, { account, settings: settings.lane }, (time) => {
        commits.add(time, 1);
        this.#tally.hottestCommits.atLeast(time, commits.values.at(-1) ?? 0);
      });
    });
    this.#outbox = new Outbox(
      { clock: this.#clock, settings: settings.outbox, tally: this.#tally },
      { dispatch: (run) => this.#dispatch(run), giveUp: (run) => this.#giveUp(run) },
      settings.limits.timing.queuedMsMax,
    );
  }

  play(): DayResult {
    const next = (index: number) => {
      const arrival = this.#arrivals[index];
      if (!arrival) return;
      this.#clock.at(arrival.at, () => {
        this.#arrive(arrival);
        next(index + 1);
      });
    };
    next(0);
    this.#clock.at(midnight + 86_400_000, () => {
      this.#queuedAtMidnight = this.#tally.waiting.count;
    });
    this.#clock.run();
    return {
      tally: this.#tally,
      lanes: this.#lanes,
      chargedMicrousd: this.#chargedMicrousd,
      queuedAtMidnight: this.#queuedAtMidnight,
    };
  }

  #arrive(arrival: Arrival): void {
    const { now } = this.#clock;
    const lane = this.#lanes[arrival.ownerIndex];
    if (!lane) throw new Error("an arrival of nobody");
    this.#sequence += 1;
    const id = `run_${this.#sequence}`;
    const { wallClockMs } = effectiveLimits(this.#settings.limits, lane.account);
    const metered = { profile: arrival.profile, wallClockMs };
    const run = {
      id,
      ownerId: `user_${arrival.ownerIndex}`,
      lane,
      arrival,
      metered,
      createdAt: now,
    };
    this.#tally.arrived += 1;
    this.#tally.arrivals.add(now, 1);
    this.#tally.edgeRequests.add(now, 1);
    this.#tally.deciding.change(now, 1);
    lane.submit(this.#startOf(run));
  }

  #startOf(run: SimulatedRun): AccountChange {
    const tally = this.#tally;
    let refusal: StartRefusal = "CONTENTION";
    const refuse = () => {
      tally.deciding.change(this.#clock.now, -1);
      tally.refuse(refusal);
    };
    return {
      decide: (account, now) => {
        const limits = effectiveLimits(this.#settings.limits, account);
        const key = {
          id: keyId,
          lineageId: null,
          executionCostMaxMicrousd: null,
          dayCostMaxMicrousd: null,
        };
        const asked = firstHoldRequest({ key, execution: run.metered, limits, now });
        const held = hold(account, { ...asked, executionId: run.id });
        if (held.granted) return held.account;
        refusal = held.refusal;
        return null;
      },
      done: (committed) => {
        if (!committed) return refuse();
        tally.deciding.change(this.#clock.now, -1);
        tally.queued.change(this.#clock.now, 1);
        tally.streams.change(this.#clock.now, 1);
        tally.indexWrites.add(this.#clock.now, 1);
        this.#dispatchStarted(run);
      },
      gaveUp: refuse,
    };
  }

  /** Dispatched by the instance that took the request, unless it was refused shortly before. */
  #dispatchStarted(run: SimulatedRun): void {
    const { now } = this.#clock;
    const { count, standBackMs } = this.#instances();
    const instance = this.#sequence % count;
    const stands = now < (this.#standBackUntil[instance] ?? 0);
    if (!stands && this.#dispatch(run)) return;
    if (!stands) this.#standBackUntil[instance] = now + standBackMs;
    this.#tally.indexWrites.add(now, 1);
    this.#outbox.add(run);
  }

  /** A part of a region with less than one instance gets one that leaves more to the outbox. */
  #instances(): { readonly count: number; readonly standBackMs: number } {
    const { parts, standBackMs, instances } = this.#settings;
    const needed = Math.ceil((this.#tally.streams.count * parts) / instances.streamsEach);
    const ofPart = Math.min(instances.max, Math.max(1, needed)) / parts;
    if (ofPart >= 1) return { count: Math.round(ofPart), standBackMs };
    return { count: 1, standBackMs: standBackMs / ofPart };
  }

  /** Whether the platform accepted it. */
  #dispatch(run: SimulatedRun): boolean {
    const { now } = this.#clock;
    const tally = this.#tally;
    tally.dispatchAttempts += 1;
    const admission = this.#room.admit(now);
    if (admission !== "admitted") {
      tally.firstFull[admission] ??= now;
      return false;
    }
    tally.runJobCalls.add(now, 1);
    tally.indexWrites.add(now, 1);
    tally.queued.change(now, -1);
    tally.starting.change(now, 1);
    tally.places.change(now, 1);
    const { runJobMs } = this.#settings;
    this.#clock.at(now + runJobMs + run.arrival.startUpMs, () => this.#claim(run));
    return true;
  }

  #claim(run: SimulatedRun): void {
    const { now } = this.#clock;
    const tally = this.#tally;
    const { arrival, metered } = run;
    tally.starting.change(now, -1);
    tally.running.change(now, 1);
    tally.started += 1;
    tally.waitsMs.push(now - run.createdAt);
    tally.claimedOwners.push(arrival.ownerIndex);
    tally.indexWrites.add(now, 1);
    if (arrival.hasSecrets) {
      tally.secretsOpened += 1;
      tally.kmsCalls.add(now, 1);
    }
    const workMs = Math.min(arrival.durationMs, metered.wallClockMs) + this.#settings.savingMs;
    this.#goOn(run, { claimedAt: now, elapsedMs: 0, endMs: Math.min(workMs, metered.wallClockMs) });
  }

  /** Continues until it ends, or a heartbeat asks for more money. */
  #goOn(
    run: SimulatedRun,
    progress: { claimedAt: number; elapsedMs: number; endMs: number },
  ): void {
    const { limits } = this.#settings;
    const { claimedAt, elapsedMs, endMs } = progress;
    const heldMicrousd = run.lane.account.holds[run.id]?.amountMicrousd ?? 0;
    const from = { elapsedMs, heldMicrousd, untilMs: endMs };
    const renewalMs = nextRenewalMs(run.metered, from, limits);
    if (renewalMs === null) {
      this.#clock.at(claimedAt + endMs, () => this.#settle(run, claimedAt));
      return;
    }
    this.#clock.at(claimedAt + renewalMs, () => {
      this.#tally.renewals += 1;
      let ends = false;
      run.lane.submit({
        decide: (account, now) => {
          const renewal = renewed(account, { ...run, elapsedMs: renewalMs }, { now, limits });
          ends = renewal.mustEnd;
          return renewal.account === account ? null : renewal.account;
        },
        done: () => {
          if (ends) this.#tally.stoppedForMoney += 1;
          const end = ends ? this.#clock.now - claimedAt : endMs;
          this.#goOn(run, { claimedAt, elapsedMs: renewalMs, endMs: end });
        },
        // The next heartbeat asks again.
        gaveUp: () => this.#goOn(run, { claimedAt, elapsedMs: renewalMs, endMs }),
      });
    });
  }

  #settle(run: SimulatedRun, claimedAt: number): void {
    const { now } = this.#clock;
    const usedMs = now - claimedAt;
    this.#tally.runMs += usedMs;
    this.#tally.endings.add(now, 1);
    this.#tally.billedMs[run.metered.profile] += Math.max(usedMs, durations.billedMsMin.value);
    const { heartbeatIntervalMs } = this.#settings.limits.timing;
    this.#tally.heartbeats += Math.floor(usedMs / heartbeatIntervalMs);
    const batches = eventBatchesOf(usedMs);
    this.#tally.eventBatches += batches;
    this.#tally.gatewayRequests.add(now, batches + 2 + Math.floor(usedMs / heartbeatIntervalMs));
    this.#tally.indexWrites.add(now, 1 + Math.floor(usedMs / heartbeatIntervalMs));
    this.#end(run, usedMs, () => {
      this.#room.release();
      this.#tally.places.change(this.#clock.now, -1);
      this.#tally.running.change(this.#clock.now, -1);
      this.#tally.ended += 1;
    });
  }

  /** Ends an execution that has waited too long, without a charge. */
  #giveUp(run: SimulatedRun): void {
    this.#end(run, 0, () => {
      this.#tally.queued.change(this.#clock.now, -1);
      this.#tally.givenUp += 1;
    });
  }

  #end(run: SimulatedRun, usedMs: number, then: () => void): void {
    const { slices } = this.#settings.limits;
    const submit = () =>
      run.lane.submit({
        decide: (account, now) => {
          const settlement = settled(account, { ...run, usedMs }, { now, slices });
          this.#chargedMicrousd += settlement?.chargedMicrousd ?? 0;
          return settlement?.account ?? null;
        },
        done: () => {
          this.#tally.streams.change(this.#clock.now, -1);
          this.#tally.streamMs += this.#clock.now - run.createdAt;
          then();
        },
        // The runner asks again, and so does a sweep.
        gaveUp: () => submit(),
      });
    submit();
  }
}
