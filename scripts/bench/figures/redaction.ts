import { randomBytes } from "node:crypto";
import { Redactor } from "#shared/core/redaction";
import { planRedaction, type RedactionPlan } from "#shared/core/redaction-plan";
import type { Figure, Row } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 2, full: 9 };
const secretsCount = 50;
const chunkLength = 64 * 1024;
/** Of each text and round, in characters of one byte. */
const roundLength = 32 * 1024 * 1024;
const goal = { of: "value", atLeast: 100 } as const;

/** What stands between an execution's output and its reader, on the supervisor's one thread. */
export const redaction: Figure = {
  name: "redaction",
  title: `Redaction of a stream, ${secretsCount} secrets in every form, in CPU time of one core`,
  async run({ effort }) {
    const plan = planRedaction(
      Array.from({ length: secretsCount }, (_, index) => ({
        key: `SECRET_${index}`,
        value: randomBytes(20 + index).toString("base64"),
      })),
    );
    return [
      rowOf("lines of a log", plan, { text: logText(), count: rounds[effort] }),
      rowOf("base64 without end", plan, { text: base64Text(), count: rounds[effort] }),
    ];
  },
};

function rowOf(
  what: string,
  plan: RedactionPlan,
  { text, count }: { readonly text: string; readonly count: number },
): Row {
  const bare = planRedaction([]);
  const [ours, none]: [number[], number[]] = [[], []];
  for (let round = 0; round <= count; round += 1) {
    const [value, baseline] = [megabytesPerSecond(plan, text), megabytesPerSecond(bare, text)];
    // The first round compiles.
    if (round === 0) continue;
    ours.push(value);
    none.push(baseline);
  }
  const baseline = { what: "the same, nothing to redact", value: median(none) };
  return { what, unit: "MB/s", value: median(ours), baseline, goal };
}

/** The machine's other work takes time, not CPU time of ours. */
function megabytesPerSecond(plan: RedactionPlan, text: string): number {
  const redactor = new Redactor(plan);
  const began = process.cpuUsage();
  let seen = 0;
  let passed = 0;
  while (seen < roundLength) {
    for (let from = 0; from < text.length; from += chunkLength) {
      const chunk = text.slice(from, from + chunkLength);
      seen += chunk.length;
      passed += redactor.write(chunk).length;
    }
  }
  passed += redactor.end().length;
  if (passed !== seen) throw new Error("something was redacted that is no secret");
  return seen / 1e6 / (process.cpuUsage(began).user / 1e6);
}

function logText(): string {
  const line = (index: number) =>
    `2026-11-22T10:00:${index % 60}.123Z INFO request ${index} took ${index % 97} ms, ` +
    `id=${(index * 104_729).toString(16)} path=/v1/things/${(index * 7_919).toString(36)}\n`;
  return Array.from({ length: 20_000 }, (_, index) => line(index)).join("");
}

function base64Text(): string {
  return randomBytes(1_500_000).toString("base64");
}
