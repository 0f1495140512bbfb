import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formsOf, planRedaction, Redactor, redact } from "#shared/core/redaction";

const value = 'p/+ss"w\nord é 42';
const plan = planRedaction([{ key: "KEY", value }]);
const bytes = Buffer.from(value);

/** Cuts `text` where `cuts` say, and writes it piece by piece. */
function inPieces(text: string, cuts: readonly number[]): string {
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const redactor = new Redactor(plan);
  const bounds = [0, ...at, text.length];
  const pieces = bounds.slice(1).map((end, index) => text.slice(bounds[index] ?? 0, end));
  return pieces.map((piece) => redactor.write(piece)).join("") + redactor.end();
}

describe("F10 SEC-4 redact()", () => {
  test.each([
    ["as it is", value],
    ["base64", bytes.toString("base64")],
    ["base64, one byte in", Buffer.concat([Buffer.from("x"), bytes]).toString("base64")],
    ["base64, two bytes in", Buffer.concat([Buffer.from("xy"), bytes]).toString("base64")],
    ["base64url", bytes.toString("base64url")],
    ["hex", bytes.toString("hex")],
    ["upper-case hex", bytes.toString("hex").toUpperCase()],
    ["URL", encodeURIComponent(value)],
    ["form", new URLSearchParams({ v: value }).toString().slice(2)],
    ["JSON", JSON.stringify(value)],
    ["ASCII JSON", JSON.stringify(value).replace("é", "\\u00e9")],
    ["JSON with escaped slashes", JSON.stringify(value).replace("/", "\\/")],
  ])("takes out the secret: %s", (_name, form) => {
    const clean = redact(plan, `before ${form} after`);
    expect(clean).toMatch(/^before .{0,4}\[redacted:KEY\].{0,4} after$/);
  });

  test("leaves other text alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(![...formsOf(value)].some((form) => text.includes(form.slice(0, 8))));
        expect(redact(plan, text)).toBe(text);
      }),
    );
  });

  test("leaves values alone that are too short to tell from words", () => {
    expect(redact(planRedaction([{ key: "PIN", value: "1234567" }]), "1234567")).toBe("1234567");
  });

  test("takes parts of a long secret out, too", () => {
    const long = Array.from({ length: 40 }, (_, index) => `line ${index} of a key`).join("\n");
    const clean = redact(planRedaction([{ key: "PEM", value: long }]), long.slice(0, 400));
    expect(clean.startsWith("[redacted:PEM]")).toBe(true);
    expect(clean.length).toBeLessThan(160);
  });

  test("tells neighbours and overlaps apart, and leaks neither", () => {
    const two = planRedaction([
      { key: "A", value: "abcdefghij" },
      { key: "B", value: "ghijklmnop" },
    ]);
    expect(redact(two, "abcdefghijklmnop")).toBe("[redacted:A]");
    expect(redact(two, "abcdefghijghijklmnop")).toBe("[redacted:A][redacted:B]");
  });
});

describe("F10 a Redactor", () => {
  const forms = [...formsOf(value)];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...forms), fc.string(), fc.constantFrom(value.slice(0, 9))))
    .map((parts) => parts.join(""));

  test("answers the same, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
        expect(inPieces(whole, cuts)).toBe(redact(plan, whole));
      }),
      { numRuns: 500 },
    );
  });

  test("never lets a form through", () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (whole, cuts) => {
        const clean = inPieces(whole, cuts);
        for (const form of forms) expect(clean).not.toContain(form);
      }),
    );
  });

  test("holds back only what may still become a secret", () => {
    const redactor = new Redactor(plan);
    expect(redactor.write("plain p/+ss")).toBe("plain ");
    expect(redactor.write("!")).toBe("p/+ss!");
    expect(redactor.write("tail")).toBe("tail");
  });

  test("stays fast on a secret and a text that almost match everywhere", () => {
    const slow = planRedaction([{ key: "K", value: `${"a".repeat(60_000)}b` }]);
    const startedAt = performance.now();
    redact(slow, "a".repeat(1_000_000));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});
