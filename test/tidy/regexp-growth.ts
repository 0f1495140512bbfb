/**
 * Decides whether a regular expression's work grows faster than its text: because one match can be
 * tried in many ways, or because a search reads on from each place where it begins (it isn't
 * anchored, so `a+b` alone is quadratic on "aaaa"). It assumes that whatever follows fails, so it
 * may raise a false alarm but misses nothing (Weber and Seidl, 1991).
 */
import { type Automaton, automatonOf, NotJudged, type Step } from "./regexp-automaton.ts";

/** Null if the work of searching a text grows no faster than the text. */
export function superlinear(source: string, flags: string): string | null {
  try {
    const graph = new Graph(automatonOf(source, flags));
    if (graph.isForked()) return "has two ways to repeat the same text: exponential";
    if (graph.isAmbiguous()) return "has two repetitions that can share a text: quadratic or worse";
    const restarts = !flags.includes("y") && graph.restarts();
    return restarts ? "can begin again at each place of what it repeats: quadratic" : null;
  } catch (error) {
    if (error instanceof NotJudged) return `can't be judged: it ${error.message}`;
    throw error;
  }
}

type StepFilter = (step: Step) => boolean;
const anyStep: StepFilter = () => true;

class Graph {
  readonly #automaton: Automaton;
  /**
   * The loop of each place: the places that it reaches and that lead back; empty if there is none.
   */
  readonly #loops: readonly ReadonlySet<number>[];
  readonly #reach: readonly ReadonlySet<number>[];

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    this.#reach = automaton.steps.map((_, place) => this.#reachable(place));
    this.#loops = this.#reach.map((reached, place) => {
      return new Set([...reached].filter((other) => this.#reach[other]?.has(place)));
    });
  }

  /** Whether one text leads from a place to itself in two ways. */
  isForked(): boolean {
    const { forked } = this.#automaton;
    if (forked.some(([from, to]) => from > 0 && this.#loops[from]?.has(to))) return true;
    return this.#looping().some((place) => {
      const loop = this.#loops[place] ?? new Set();
      const within = ({ to }: Step) => loop.has(to);
      const apart = this.#walk([[place, place]], [within, within]).filter(([a, b]) => a !== b);
      return this.#walk(apart, [within, within]).some(([a, b]) => a === place && b === place);
    });
  }

  /** Whether one text leads from a loop to itself, to a second loop, and from that to itself. */
  isAmbiguous(): boolean {
    const looping = this.#looping();
    return looping.some((first) =>
      looping.some((second) => {
        if (second === first || !this.#reach[first]?.has(second)) return false;
        const filters = [
          ({ to }: Step) => this.#loops[first]?.has(to) === true,
          ({ to }: Step) => this.#reach[to]?.has(second) === true,
          ({ to }: Step) => this.#loops[second]?.has(to) === true,
        ];
        const found = this.#walk([[first, first, second]], filters);
        return found.some(([a, b, c]) => a === first && b === second && c === second);
      }),
    );
  }

  /** Whether a text that leads from a loop to itself also leads to it from a search's start. */
  restarts(): boolean {
    return this.#looping().some((place) => {
      const within = ({ to, matched }: Step) => !matched && this.#loops[place]?.has(to) === true;
      const found = this.#walk([[0, place]], [anyStep, within]);
      return found.some(([a, b]) => a === place && b === place);
    });
  }

  #looping(): number[] {
    return [...this.#loops.keys()].filter((place) => place > 0 && this.#loops[place]?.has(place));
  }

  #stepsOf(place: number): readonly Step[] {
    return this.#automaton.steps[place] ?? [];
  }

  #reachable(start: number): Set<number> {
    const reached = new Set<number>();
    const open = [start];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const { to } of this.#stepsOf(place)) {
        if (reached.has(to)) continue;
        reached.add(to);
        open.push(to);
      }
    }
    return reached;
  }

  /** The places that are reached together by reading the same text of at least one character. */
  #walk(starts: readonly (readonly number[])[], filters: readonly StepFilter[]): number[][] {
    const found = new Map<string, number[]>();
    const open = [...starts];
    for (let places = open.pop(); places !== undefined; places = open.pop()) {
      for (const next of this.#together(places, filters)) {
        const name = next.join();
        if (found.has(name)) continue;
        found.set(name, next);
        open.push(next);
      }
    }
    return [...found.values()];
  }

  #together(places: readonly number[], filters: readonly StepFilter[]): number[][] {
    let ways: { readonly to: number[]; readonly read: Step["characters"] | null }[] = [
      { to: [], read: null },
    ];
    places.forEach((place, index) => {
      const steps = this.#stepsOf(place).filter(filters[index] ?? anyStep);
      ways = ways.flatMap(({ to, read }) =>
        steps.flatMap((step) => {
          const both = read === null ? step.characters : read.intersect(step.characters);
          return both.isEmpty ? [] : [{ to: [...to, step.to], read: both }];
        }),
      );
    });
    return ways.map(({ to }) => to);
  }
}
