/** Which steps wait for which, and what becomes of a run's steps. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasStepEnded, newStates, nextSteps, type StepState } from "./next-steps.ts";
import { type NamedStep, resolveSteps } from "./resolve-steps.ts";
import { type Strategy, strategies } from "./words.ts";

function stepsOf(...stated: readonly (Partial<NamedStep> & { readonly name: string })[]) {
  return stated.map(
    (step, index): NamedStep => ({
      id: `id_${index + 1}`,
      dependsOn: [],
      condition: null,
      ...step,
    }),
  );
}

function plan(strategy: Strategy, steps: readonly NamedStep[]) {
  const resolved = resolveSteps(strategy, steps);
  if ("faults" in resolved) throw new Error(resolved.faults.map(({ message }) => message).join());
  return steps.map((step, index) => {
    const { needs = [], after = [] } = resolved.orders[index] ?? {};
    return { ...step, needs, after };
  });
}

describe("dependsOn", () => {
  test("names a step by its id, then its name, then its number", () => {
    const steps = stepsOf(
      { name: "step_2" },
      { name: "b" },
      { name: "c", dependsOn: ["step_2"] },
      { name: "d", dependsOn: ["b", "id_1", "step_3"] },
    );
    const [, , third, fourth] = plan("parallel", steps);
    expect(third?.needs, "a name goes before a number").toEqual(["id_1"]);
    expect(fourth?.needs).toEqual(["id_2", "id_1", "id_3"]);
  });

  test.each([
    ["an unknown name", [{ name: "a", dependsOn: ["b"] }], 'names no step: "b"'],
    [
      "a name that two steps have",
      [{ name: "a" }, { name: "a" }, { name: "b", dependsOn: ["a"] }],
      'names "a", as two steps are called',
    ],
    [
      "a circle",
      [{ name: "a", dependsOn: ["b"] }, { name: "b", dependsOn: ["a"] }, { name: "c" }],
      'makes steps wait for each other: "a", "b"',
    ],
    ["itself", [{ name: "a", dependsOn: ["a"] }], 'makes steps wait for each other: "a"'],
    ["a condition's unknown step", [{ name: "a", condition: "steps.x.output" }], "names no step"],
  ])("%s is refused with a sentence", (_what, steps, message) => {
    const resolved = resolveSteps("parallel", stepsOf(...steps));
    expect("faults" in resolved && resolved.faults[0]?.message).toContain(message);
  });

  test("sequential steps can't depend on later ones", () => {
    const steps = stepsOf({ name: "a", dependsOn: ["b"] }, { name: "b" });
    expect(resolveSteps("sequential", steps)).toHaveProperty("faults");
  });
});

describe("what starts next", () => {
  test("parallel steps start at once, sequential ones one after another", () => {
    const named = stepsOf({ name: "a" }, { name: "b" });
    const readyIn = (strategy: Strategy) => {
      const steps = plan(strategy, named);
      return nextSteps(steps, newStates(strategy, steps, 0), null).ready;
    };
    expect(readyIn("parallel")).toEqual([0, 1]);
    expect(readyIn("sequential")).toEqual([0]);
  });

  test("a condition decides, a skipped branch skips what needs it alone, and a join goes on", () => {
    const steps = plan(
      "conditional",
      stepsOf(
        { name: "judge" },
        { name: "yes", condition: 'steps.judge.output == "yes"' },
        { name: "no", condition: 'steps.judge.output != "yes"' },
        { name: "after no", dependsOn: ["no"] },
        { name: "join", dependsOn: ["yes", "no"] },
      ),
    );
    const [judge, ...rest] = newStates("conditional", steps, 0);
    if (!judge) throw new Error("no state");
    const before = [{ ...judge, status: "completed" as const, output: "yes\n" }, ...rest];
    const { states, ready } = nextSteps(steps, before, null);
    expect(states.map(({ status }) => status)).toEqual([
      ...["completed", "pending", "skipped", "skipped", "pending"],
    ]);
    expect(ready).toEqual([1]);
  });

  test("a condition that can't be evaluated fails its step, and the others are skipped", () => {
    const once = 'not (inputs.a contains "1")';
    const often = Array.from({ length: 30 }, () => once).join(" and ");
    const inputs = { a: Array.from({ length: 14_000 }, () => 0) };
    const why = "its condition looks at more than 1,000,000 characters of inputs and answers";
    for (const [condition, error] of [
      [often, why],
      ["constructor", expect.stringMatching(/^its condition has constructor at character 1/)],
    ] as const) {
      const [first, second] = plan("parallel", stepsOf({ name: "a" }, { name: "b" }));
      // As a version stored it that took more.
      const steps = [{ ...(first ?? expect.fail()), condition }, second ?? expect.fail()];
      const { states, ready } = nextSteps(steps, newStates("parallel", steps, 0), inputs);
      expect(states).toMatchObject([{ status: "failed", error }, { status: "skipped" }]);
      expect(ready).toEqual([]);
    }
  });

  test("a condition is evaluated once in a run, however many places its step has", () => {
    const reads = { count: 0 };
    const inputs = {
      get a() {
        reads.count += 1;
        return 1;
      },
    };
    const named = stepsOf(
      { name: "each", condition: "inputs.a == 1" },
      { name: "sum", condition: "inputs.a == 2", dependsOn: ["each"] },
      { name: "no", condition: "inputs.a == 2" },
    );
    const steps = plan("map_reduce", named);
    const states = newStates("map_reduce", steps, 20);
    const judged = new Map();
    for (let round = 0; round < 3; round += 1) {
      const { ready } = nextSteps(steps, states, inputs, judged);
      expect(ready).toHaveLength(20);
    }
    expect(reads.count).toBe(2);
  });

  test("map_reduce runs its first steps for each item, and the last one with all answers", () => {
    const steps = plan("map_reduce", stepsOf({ name: "each" }, { name: "sum" }));
    const states = newStates("map_reduce", steps, 3);
    expect(states.map(({ itemIndex }) => itemIndex)).toEqual([0, 1, 2, null]);
    expect(nextSteps(steps, states, null).ready).toEqual([0, 1, 2]);
  });
});

const graph = fc.record({
  strategy: fc.constantFrom(...strategies),
  edges: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 20 }),
  count: fc.integer({ min: 1, max: 10 }),
  outcomes: fc.array(fc.constantFrom("completed" as const, "failed" as const), {
    minLength: 60,
    maxLength: 60,
  }),
});

test("AUT-5 every run comes to an end, and each place starts at most once, after all it waits for", () => {
  fc.assert(
    fc.property(graph, ({ strategy, edges, count, outcomes }) => {
      const steps = stepsOf(
        ...Array.from({ length: count }, (_, index) => ({
          name: `s${index}`,
          dependsOn: edges
            .filter(([to, from]) => to === index && from < to)
            .map(([, from]) => `s${from}`),
        })),
      );
      const planned = plan(strategy, steps);
      let states: readonly StepState[] = newStates(strategy, planned, 3);
      const started = new Set<number>();
      for (let round = 0; !states.every(hasStepEnded); round += 1) {
        expect(round, "it ends").toBeLessThan(60);
        const next = nextSteps(planned, states, null);
        const [index] = next.ready;
        states = next.states;
        if (index === undefined) continue;
        expect(started.has(index)).toBe(false);
        started.add(index);
        const { after = [] } = planned.find(({ id }) => id === states[index]?.stepId) ?? {};
        const waited = states.filter(({ stepId }) => after.includes(stepId));
        expect(waited.every(hasStepEnded)).toBe(true);
        states = states.map((one, other) =>
          other === index ? { ...one, status: outcomes[round] ?? "completed" } : one,
        );
      }
    }),
  );
});
