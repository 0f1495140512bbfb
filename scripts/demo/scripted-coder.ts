/** What the local provider's model does with the demo's task, so that it needs no key. */
import type { ScriptedTurn, TurnItem } from "../../local/providers/turn.ts";

const say = (text: string): TurnItem => ({ kind: "text", text });
const call = (name: string, input: object): TurnItem => ({ kind: "tool-call", name, input });

/** Its first repair is wrong, as that of a model may be, and the tests tell it so. */
export const scriptedCoder: readonly ScriptedTurn[] = [
  {
    items: [
      say("I look at the program and its tests first."),
      call("view", { path: "median.mjs" }),
      call("bash", { command: "node --test median.test.mjs 2>&1 | grep -E '^(✔|✖|ok|not ok)'" }),
    ],
  },
  {
    items: [
      say("`sort()` compares as text and changes its argument. I mend both."),
      call("edit", {
        path: "median.mjs",
        old_text: "const sorted = numbers.sort();",
        new_text: "const sorted = numbers.toSorted((a, b) => a - b);",
      }),
      call("bash", { command: "node --test median.test.mjs 2>&1 | tail -40" }),
    ],
  },
  {
    items: [
      say("An even number of values has two in the middle; their mean is missing."),
      call("edit", {
        path: "median.mjs",
        old_text: "  return sorted[Math.floor(sorted.length / 2)];",
        new_text: [
          "  const middle = Math.floor(sorted.length / 2);",
          "  if (sorted.length % 2 === 1) return sorted[middle];",
          "  return (sorted[middle - 1] + sorted[middle]) / 2;",
        ].join("\n"),
      }),
      call("bash", { command: "node --test median.test.mjs" }),
    ],
  },
  {
    items: [
      say(
        "All four tests pass. `median` now compares numbers as numbers, leaves its argument as it " +
          "was, and takes the mean of the two in the middle of an even number of values.",
      ),
    ],
  },
];
