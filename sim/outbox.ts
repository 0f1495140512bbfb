/** The sweep of executions that wait for room, in the product's own order of turns. */
import { roundRobinByOwner } from "#shared/core/limits/round-robin";
import type { Clock } from "./clock.ts";
import type { OutboxSettings } from "./day-settings.ts";
import type { SimulatedRun } from "./run.ts";
import type { Tally } from "./tally.ts";

interface World {
  readonly clock: Clock;
  readonly settings: OutboxSettings;
  readonly tally: Tally;
}

interface Endings {
  /** Whether the platform accepted it. */
  dispatch(run: SimulatedRun): boolean;
  giveUp(run: SimulatedRun): void;
}

interface Due {
  readonly ownerId: string;
  readonly createdAt: number;
  readonly run: SimulatedRun;
}

export class Outbox {
  readonly #world: World;
  readonly #endings: Endings;
  readonly #queuedMsMax: number;
  /**
   * Waiting executions ordered by their last try, oldest first, as the query for due ones returns
   * them.
   */
  readonly #waiting = new Map<string, SimulatedRun>();
  readonly #servedAt = new Map<string, number>();
  #sweeping = false;
  #ticking = false;

  constructor(world: World, endings: Endings, queuedMsMax: number) {
    this.#world = world;
    this.#endings = endings;
    this.#queuedMsMax = queuedMsMax;
  }

  add(run: SimulatedRun): void {
    this.#waiting.set(run.id, run);
    this.#world.tally.waiting.change(this.#world.clock.now, 1);
    if (this.#ticking) return;
    this.#ticking = true;
    this.#tick();
  }

  #tick(): void {
    const { clock, settings } = this.#world;
    const next = (Math.floor(clock.now / settings.everyMs) + 1) * settings.everyMs;
    clock.at(next, () => {
      if (this.#waiting.size === 0) {
        this.#ticking = false;
        return;
      }
      if (!this.#sweeping) this.#sweep();
      this.#tick();
    });
  }

  #sweep(): void {
    const { clock, settings, tally } = this.#world;
    const due: Due[] = [];
    for (const run of this.#waiting.values()) {
      if (due.length >= settings.dueMax) break;
      due.push({ ownerId: run.ownerId, createdAt: run.createdAt, run });
    }
    tally.sweeps += 1;
    tally.sweepReads += due.length;
    this.#sweeping = true;
    this.#next(roundRobinByOwner(due, this.#servedAt), 0, clock.now + settings.sweepingMsMax);
  }

  /** Goes one by one while room is scarce; the first that finds none ends the sweep. */
  #next(due: readonly Due[], index: number, giveUpAt: number): void {
    const { clock, settings, tally } = this.#world;
    const run = due[index]?.run;
    if (!run || clock.now > giveUpAt) {
      this.#sweeping = false;
      return;
    }
    tally.sweepReads += 1;
    this.#waiting.delete(run.id);
    const isLate = clock.now - run.createdAt > this.#queuedMsMax;
    if (!isLate && !this.#endings.dispatch(run)) {
      this.#waiting.set(run.id, run);
      this.#sweeping = false;
      return;
    }
    tally.waiting.change(clock.now, -1);
    if (isLate) this.#endings.giveUp(run);
    else {
      this.#servedAt.set(run.ownerId, clock.now);
      tally.sweepDispatches.add(clock.now, 1);
    }
    const tookMs = isLate ? settings.giveUpMs : settings.itemMs;
    clock.at(clock.now + tookMs / settings.atOnce, () => this.#next(due, index + 1, giveUpAt));
  }
}
