import { randomBytes } from "node:crypto";
import { planRedaction } from "#shared/core/redaction/plan";
import { Redactor } from "#shared/core/redaction/redaction";
import type { Secret } from "#shared/core/redaction/units";
import type { Figure, Row } from "../figure.ts";
import { median } from "../statistics.ts";

const rounds = { short: 2, full: 9 };
const secretsCount = 50;
/** Lines of each secret, in rows with more than one secret. */
const linesCount = 50;
const chunkLength = 64 * 1024;
/** Length of each text and round, in one-byte characters. */
const roundLength = 32 * 1024 * 1024;
const goal = { of: "value", atLeast: 100 } as const;

/** The work between an execution's output and its reader, on the supervisor's only thread. */
export const redaction: Figure = {
  name: "redaction",
  title: `Redaction of a stream, ${secretsCount} secrets in every form, in CPU time of one core`,
  async run({ effort }) {
    const tokens = secretsOf((index) => randomBytes(20 + index).toString("base64"));
    const keys = secretsOf(keyText);
    const [log, base64] = [
      { text: logText(), count: rounds[effort] },
      { text: base64Text(), count: rounds[effort] },
    ];
    const lines = `secrets of ${linesCount} lines`;
    return [
      rowOf("lines of a log", tokens, log),
      rowOf("base64 without end", tokens, base64),
      rowOf(`lines of a log, ${lines}`, keys, log),
      rowOf(`base64 without end, ${lines}`, keys, base64),
    ];
  },
};

function secretsOf(make: (index: number) => string): Secret[] {
  return Array.from({ length: secretsCount }, (_, index) => ({
    key: `SECRET_${index}`,
    value: make(index),
  }));
}

/** Like a PEM private key, whose lines hold 48 bytes each. */
function keyText(): string {
  const lines =
    randomBytes((linesCount - 2) * 48)
      .toString("base64")
      .match(/.{64}/g) ?? [];
  return ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n");
}

function rowOf(
  what: string,
  secrets: readonly Secret[],
  { text, count }: { readonly text: string; readonly count: number },
): Row {
  const plan = planRedaction(secrets);
  const [ours, naive]: [number[], number[]] = [[], []];
  for (let round = 0; round <= count; round += 1) {
    const redactor = new Redactor(plan);
    const value = megabytesPerSecond(text, (chunk) => redactor.write(chunk) !== "");
    const baseline = megabytesPerSecond(
      text,
      (chunk) => !secrets.some((secret) => chunk.includes(secret.value)),
    );
    // The first round compiles.
    if (round === 0) continue;
    ours.push(value);
    naive.push(baseline);
  }
  const baseline = { what: "each secret looked for, plain and in one chunk", value: median(naive) };
  return { what, unit: "MB/s", value: median(ours), baseline, goal };
}

/** Measured in CPU time, which the machine's other work doesn't affect. */
function megabytesPerSecond(text: string, passes: (chunk: string) => boolean): number {
  const began = process.cpuUsage();
  let seen = 0;
  while (seen < roundLength) {
    for (let from = 0; from < text.length; from += chunkLength) {
      const chunk = text.slice(from, from + chunkLength);
      seen += chunk.length;
      if (!passes(chunk)) throw new Error("something was found that is no secret");
    }
  }
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
