/** A regular expression as an automaton: which character may be read where, and what follows. */
import { CharSet, JS } from "refa";

type Expression = ReturnType<JS.Parser["parse"]>["expression"];
type Branches = Expression["alternatives"];
type Element = Branches[number]["elements"][number];
type Of<T extends Element["type"]> = Extract<Element, { readonly type: T }>;

/** A transition from one place to the next, reading one of `characters`. */
export interface Step {
  readonly to: number;
  readonly characters: CharSet;
  /** After them the expression has matched, whatever follows. */
  readonly matched: boolean;
}

/**
 * Place 0 reads what comes before a match; each other place reads a character of the expression.
 */
export interface Automaton {
  readonly steps: readonly (readonly Step[])[];
  /** Pairs of places that two paths reach while reading the same character. */
  readonly forked: readonly (readonly [from: number, to: number])[];
}

export class NotJudged extends Error {}

/** A larger bound of repetitions counts as unlimited. */
export const repetitionsMax = 256;

interface Way {
  readonly to: number;
  /** What the previous character must be; null if it may be any. */
  readonly after: CharSet | null;
  /** Passed only before certain characters, so it may not lead on. */
  readonly mayFail: boolean;
}

/** @throws {NotJudged} For what isn't supported: back references, long look-behinds. */
export function automatonOf(source: string, flags: string): Automaton {
  const parser = JS.Parser.fromLiteral({ source, flags });
  const { expression, maxCharacter } = parser.parse({
    backreferences: "unknown",
    maxBackreferenceWords: 1,
    maxNodes: 100_000,
  });
  return new Builder(CharSet.all(maxCharacter)).build(expression.alternatives);
}

/** Thompson's construction; then nodes between characters are removed. */
class Builder {
  readonly #all: CharSet;
  readonly #ways: Way[][] = [];
  readonly #places: { readonly from: number; readonly to: number; readonly set: CharSet }[] = [];
  /** Above 0 inside a bounded repetition. */
  #depth = 0;

  constructor(all: CharSet) {
    this.#all = all;
  }

  build(branches: Branches): Automaton {
    const start = this.#node();
    this.#places.push({ from: start, to: start, set: this.#all });
    const body = this.#node();
    this.#pass(start, body);
    const end = this.#node();
    this.#branches(branches, body, end);
    const placesAt = Map.groupBy(this.#places.keys(), (place) => this.#placeAt(place).from);
    const forked: [number, number][] = [];
    const steps = this.#places.map(({ to, set }, place) => {
      const found: Step[] = [];
      const reached = [...this.#reached(to, set, true)];
      const matched = reached.some(({ node, surely }) => node === end && surely);
      for (const { node, characters } of reached) {
        for (const next of placesAt.get(node) ?? []) {
          const known = found.filter((step) => step.to === next);
          const isTwice = known.some((step) => !step.characters.isDisjointWith(characters));
          if (isTwice) forked.push([place, next]);
          found.push({ to: next, characters, matched });
        }
      }
      return found;
    });
    return { steps, forked };
  }

  #placeAt(place: number) {
    const found = this.#places[place];
    if (!found) throw new RangeError(`no place ${place}`);
    return found;
  }

  #node(): number {
    return this.#ways.push([]) - 1;
  }

  #pass(from: number, to: number, limits: Partial<Omit<Way, "to">> = {}): void {
    this.#ways[from]?.push({ to, after: null, mayFail: false, ...limits });
  }

  /** Each path, without repetition, from `node` on after reading one of `characters`. */
  *#reached(
    node: number,
    characters: CharSet,
    surely: boolean,
    passed: readonly Way[] = [],
  ): Generator<{ node: number; characters: CharSet; surely: boolean }> {
    yield { node, characters, surely };
    for (const way of this.#ways[node] ?? []) {
      const { to, after, mayFail } = way;
      if (passed.includes(way)) continue;
      const left = after === null ? characters : characters.intersect(after);
      if (left.isEmpty) continue;
      yield* this.#reached(to, left, surely && !mayFail && after === null, [...passed, way]);
    }
  }

  #branches(branches: Branches, from: number, to: number): void {
    for (const { elements } of branches) {
      let at = from;
      elements.forEach((element, index) => {
        const next = index === elements.length - 1 ? to : this.#node();
        this.#element(element, at, next);
        at = next;
      });
      if (elements.length === 0) this.#pass(from, to);
    }
  }

  #element(element: Element, from: number, to: number): void {
    switch (element.type) {
      case "CharacterClass":
        if (!element.characters.isEmpty) this.#places.push({ from, to, set: element.characters });
        return;
      case "Alternation":
        this.#branches(element.alternatives, from, to);
        return;
      case "Quantifier":
        this.#quantifier(element, from, to);
        return;
      case "Assertion":
        this.#assertion(element, from, to);
        return;
      default:
        throw new NotJudged("refers back to what it matched");
    }
  }

  #quantifier({ alternatives, min, max }: Of<"Quantifier">, from: number, to: number): void {
    const varies = min !== max;
    // Variation inside a bounded repetition multiplies, so it counts as unlimited.
    const isOpen = max > repetitionsMax || (varies && this.#depth > 0);
    const isBounded = max > 1 && !isOpen;
    const least = Math.min(min, repetitionsMax);
    if (isBounded) this.#depth += 1;
    let at = from;
    for (let count = 0; count < least; count++) {
      const next = this.#node();
      this.#branches(alternatives, at, next);
      at = next;
    }
    if (isOpen) {
      const loop = this.#node();
      const end = this.#node();
      this.#pass(at, loop);
      this.#branches(alternatives, loop, end);
      this.#pass(end, loop);
      this.#pass(loop, to);
    } else {
      for (let count = least; count < max; count++) {
        const next = this.#node();
        this.#pass(at, to);
        this.#branches(alternatives, at, next);
        at = next;
      }
      this.#pass(at, to);
    }
    if (isBounded) this.#depth -= 1;
  }

  /** A look-ahead reads like a branch that leads nowhere. */
  #assertion({ kind, negate, alternatives }: Of<"Assertion">, from: number, to: number): void {
    if (kind === "ahead") {
      this.#pass(from, to, { mayFail: true });
      this.#branches(alternatives, from, this.#node());
      return;
    }
    const one = oneCharacter(alternatives);
    if (one === null) throw new NotJudged("looks behind at more than one character");
    this.#pass(from, to, { after: negate ? this.#all.without(one) : one });
  }
}

function oneCharacter(alternatives: Branches): CharSet | null {
  const [only, ...others] = alternatives;
  const [element, ...more] = only?.elements ?? [];
  if (others.length > 0 || more.length > 0 || element?.type !== "CharacterClass") return null;
  return element.characters;
}
