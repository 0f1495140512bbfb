import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Redactor, redact } from "#shared/core/redaction";
import { formsOf, patternsOf } from "#shared/core/redaction-forms";
import { planRedaction } from "#shared/core/redaction-plan";

const value = 'p/+ss"w\nord é 42';
const secrets = [
  { key: "KEY", value },
  { key: "TOKEN", value: "ghp_0123456789abcdefghijABCDEFGHIJ" },
  { key: "PART", value: "9abcdefg" },
  { key: "LONG", value: Array.from({ length: 14 }, (_, line) => `line ${line} of a key`).join("") },
];
const plan = planRedaction(secrets);
/** By their first characters: each place is asked for those alone that begin like it. */
const patterns = new Map<string, { readonly key: string; readonly form: RegExp }[]>();
for (const { key, text, wraps } of patternsOf(secrets)) {
  const units = text.split("").map((unit) => unit.replace(/[^A-Za-z0-9]/, "\\$&"));
  const broken = units.map((unit, index) => (wraps && index >= 4 ? `(?:\\r?\\n)?${unit}` : unit));
  const head = text.slice(0, 4);
  const form = new RegExp(broken.join(""), "y");
  patterns.set(head, [...(patterns.get(head) ?? []), { key, form }]);
}
const bytes = Buffer.from(value);

/** The slow way: every pattern at every place of the whole text. */
function oracle(whole: string): string {
  let out = "";
  let coveredUntil = 0;
  let lastKey: string | undefined;
  for (let at = 0; at < whole.length; at += 1) {
    let best: { key: string; end: number } | undefined;
    for (const { key, form } of patterns.get(whole.slice(at, at + 4)) ?? []) {
      form.lastIndex = at;
      if (form.test(whole) && form.lastIndex > (best?.end ?? 0))
        best = { key, end: form.lastIndex };
    }
    if (best) {
      if (at >= coveredUntil && lastKey !== best.key) out += `[redacted:${best.key}]`;
      if (at >= coveredUntil) lastKey = best.key;
      coveredUntil = Math.max(coveredUntil, best.end);
    }
    if (at < coveredUntil) continue;
    out += whole[at];
    lastKey = undefined;
  }
  return out;
}

/** Cuts `text` where `cuts` say, and writes it piece by piece, with a pause before each. */
function inPieces(text: string, cuts: readonly number[], paused = false): string[] {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const redactor = new Redactor(plan);
  const bounds = [0, ...at, text.length];
  const pieces = bounds.slice(1).map((end, index) => text.slice(bounds[index] ?? 0, end));
  const passed = pieces.flatMap((piece) => {
    const written = redactor.write(piece);
    return paused ? [written, redactor.pause()] : [written];
  });
  return [...passed, redactor.end()];
}

const forms = secrets.flatMap((secret) => formsOf(secret.value));
const form = fc.constantFrom(...forms.map(({ text }) => text));
const wrapped = fc
  .record({
    text: fc.constantFrom(...forms.filter(({ wraps }) => wraps).map(({ text }) => text)),
    width: fc.integer({ min: 5, max: 80 }),
    first: fc.integer({ min: 0, max: 80 }),
    end: fc.constantFrom("\n", "\r\n"),
  })
  .map(({ text, width, first, end }) => {
    const rest = text.slice(first).replace(new RegExp(`(.{${width}})(?=.)`, "g"), `$1${end}`);
    return first === 0 ? rest : text.slice(0, first) + end + rest;
  });
const fragment = fc
  .tuple(form, fc.nat(), fc.nat())
  .map(([text, from, length]) => text.slice(from % text.length).slice(0, length % text.length));
const part = fc.oneof(form, wrapped, fragment, fc.string(), fc.constantFrom("\n", "\r", " "));
// A text that ends within a secret is another matter.
const text = fc.array(part, { maxLength: 6 }).map((parts) => `${parts.join("")}\u0000`);
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe("SEC-4 F10 redact()", () => {
  test.each([
    ["as it is", value],
    ["base64", bytes.toString("base64")],
    ["base64, one byte in", Buffer.concat([Buffer.from("x"), bytes]).toString("base64")],
    ["base64, two bytes in", Buffer.concat([Buffer.from("xy"), bytes]).toString("base64")],
    ["base64url", bytes.toString("base64url")],
    ["base64, its lines broken", bytes.toString("base64").replace(/.{7}/g, "$&\n")],
    ["hex", bytes.toString("hex")],
    ["hex, its lines broken", bytes.toString("hex").replace(/.{10}/g, "$&\r\n")],
    ["upper-case hex", bytes.toString("hex").toUpperCase()],
    ["URL", encodeURIComponent(value)],
    ["form", new URLSearchParams({ v: value }).toString().slice(2)],
    ["JSON", JSON.stringify(value)],
    ["ASCII JSON", JSON.stringify(value).replace("é", "\\u00e9")],
    ["JSON with escaped slashes", JSON.stringify(value).replace("/", "\\/")],
  ])("takes out the secret: %s", (_name, spelled) => {
    const clean = redact(plan, `before ${spelled} after`);
    expect(clean).toMatch(/^before .{0,4}\[redacted:KEY\].{0,4}\s* after$/);
  });

  test("agrees with looking for every form at every place", () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(redact(plan, whole)).toBe(oracle(whole));
      }),
      { numRuns: 2_000 },
    );
  });

  test("leaves values alone that are too short to tell from words", () => {
    expect(redact(planRedaction([{ key: "PIN", value: "1234567" }]), "1234567")).toBe("1234567");
  });

  test("takes parts of a long secret out, too", () => {
    const long = Array.from({ length: 40 }, (_, index) => `line ${index} of a key`).join("\n");
    const clean = redact(planRedaction([{ key: "PEM", value: long }]), long.slice(0, 400));
    expect(clean).toBe("[redacted:PEM]");
  });

  test("tells neighbours and overlaps apart, and leaks neither", () => {
    const two = planRedaction([
      { key: "A", value: "abcdefghij" },
      { key: "B", value: "ghijklmnop" },
    ]);
    expect(redact(two, "abcdefghijklmnop")).toBe("[redacted:A]");
    expect(redact(two, "abcdefghijghijklmnop")).toBe("[redacted:A][redacted:B]");
  });

  test("finds what isn't ASCII in bytes, too", () => {
    const inBytes = planRedaction([{ key: "KEY", value: "schlüssel" }], "bytes");
    const clean = redact(inBytes, Buffer.from("ein schlüssel!").toString("latin1"));
    expect(clean).toBe("ein [redacted:KEY]!");
  });
});

describe("SEC-4 F10 a Redactor", () => {
  test("answers the same, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(text, cuts, (whole, at) => {
        expect(inPieces(whole, at).join("")).toBe(redact(plan, whole));
      }),
      { numRuns: 2_000 },
    );
  });

  test("lets nothing through in pauses but a few characters that may begin a secret", () => {
    fc.assert(
      fc.property(text, cuts, (whole, at) => {
        const out = inPieces(whole, at, true);
        const soFar = out.map((_, index) => out.slice(0, index + 1).join(""));
        for (const { text: wanted } of forms) {
          expect(soFar.at(-1)).not.toContain(wanted);
          expect(whole.includes(wanted) && soFar.some((shown) => shown.endsWith(wanted))).toBe(
            false,
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  test("holds back only what may still become a secret, and in a pause less than four of it", () => {
    const redactor = new Redactor(plan);
    expect(redactor.write("plain p/+ss")).toBe("plain ");
    expect(redactor.pause()).toBe("");
    expect(redactor.write("!")).toBe("p/+ss!");
    expect(redactor.write("> p/+")).toBe("> ");
    expect(redactor.pause()).toBe("p/+");
    expect(redactor.pause()).toBe("");
    expect(redactor.write(`${value.slice(3)}.`)).toBe("[redacted:KEY].");
    expect(redactor.write("#")).toBe("#");
  });

  test("a text that ends within a secret ends in its tag, unless hardly any of it was there", () => {
    expect(redact(plan, `cut ${value.slice(0, 9)}`)).toBe("cut [redacted:KEY]");
    expect(redact(plan, `cut ${value.slice(0, 7)}`)).toBe(`cut ${value.slice(0, 7)}`);
  });

  test("stays fast on a secret and a text that almost match everywhere", () => {
    const slow = planRedaction([{ key: "K", value: `${"a".repeat(60_000)}b` }]);
    // Without bounds this would take hours, and the test's own time is a minute.
    expect(redact(slow, "a".repeat(100_000))).toMatch(/^\[redacted:K\]/);
  });
});
