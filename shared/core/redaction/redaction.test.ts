// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { oracleOf } from "../../../test/kit/redaction-oracle.ts";
import { planRedaction } from "./plan.ts";
import { Redactor, redact } from "./redaction.ts";

const value = 'p/+ss"w\nord é 42';
const secrets = [
  { key: "KEY", value },
  { key: "TOKEN", value: "ghp_0123456789abcdefghijABCDEFGHIJ" },
  { key: "PART", value: "9abcdefg" },
  { key: "LONG", value: Array.from({ length: 14 }, (_, line) => `line ${line} of a key`).join("") },
  { key: "LINES", value: "\n  first +/ line\n\nsecond\tline of it\r\nshort\n  third 😀 line \n" },
  { key: "QUOTES", value: "it's ''a'' \"pass\\word\" of $10 & <more>; 100%!" },
];
const plan = planRedaction(secrets);
const oracle = oracleOf(secrets);
const bytes = Buffer.from(value);

/** Cuts `text` at `cuts`, and writes it piece by piece, with a pause before each. */
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

/** How programs write a text. */
const writers: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text),
  (text) => JSON.stringify(JSON.stringify(text)),
  (text) =>
    JSON.stringify(text)
      .replaceAll("/", "\\/")
      .replace(/[^ -~]/g, inUnicode),
  encodeURIComponent,
  (text) => new URLSearchParams({ text }).toString(),
  (text) => encodeURIComponent(JSON.stringify(text)),
  (text) => Buffer.from(text).toString("hex").replace(/../g, "%$&"),
  (text) => Buffer.from(text).toString("hex").toUpperCase().replace(/../g, "%$&"),
  (text) => Buffer.from(text).toString("hex").replace(/../g, "\\x$&"),
  (text) => text.replaceAll("'", "'\\''"),
  (text) => text.replace(/'+/g, "'\"$&\"'"),
  (text) => JSON.stringify(text.replaceAll("'", "'\\''")),
  (text) => text.replace(/[ !-/:-@[-^`{-~]/g, "\\$&"),
  (text) => text.replaceAll("'", "''"),
  (text) => text.replaceAll('"', '""'),
  (text) => text.replace(/[&<>"']/g, (unit) => `&#${unit.charCodeAt(0)};`),
  (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => Buffer.from(text).toString("hex").toUpperCase(),
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(`-${text}`).toString("base64"),
  (text) => Buffer.from(`--${text}`).toString("base64url"),
];
const written = (texts: readonly string[]) => [
  ...new Set(texts.flatMap((text) => writers.map((write) => write(text)))),
];
const trimmed = secrets.map((secret) => secret.value.trim());
const lines = trimmed.flatMap((text) => text.split(/\s*\n\s*/));
const forms = written(lines.filter((line) => line.length >= 8));
const form = fc.constantFrom(...forms, ...written(secrets.map((secret) => secret.value)));
const wrapped = fc
  .record({
    text: form,
    width: fc.integer({ min: 1, max: 80 }),
    first: fc.integer({ min: 0, max: 80 }),
    end: fc.constantFrom("\n", "\r\n", "\n\n", "\n   ", "\n\n\t\n"),
  })
  .map(({ text, width, first, end }) => {
    const rest = text.slice(first).replace(new RegExp(`(.{${width}})(?=.)`, "g"), `$1${end}`);
    return first === 0 ? rest : text.slice(0, first) + end + rest;
  });
const fragment = fc
  .tuple(form, fc.nat(), fc.nat())
  .map(([text, from, length]) => text.slice(from % text.length).slice(0, length % text.length));
const part = fc.oneof(form, wrapped, fragment, fc.string(), fc.constantFrom("\n", "\r", " "));
// A text that ends inside a secret is tested elsewhere.
const text = fc.array(part, { maxLength: 6 }).map((parts) => `${parts.join("")}\u0000`);
const cuts = fc.array(fc.nat(), { maxLength: 12 });
const numRuns = process.env.PADDOCK_LONG ? 50_000 : 160;

function inUnicode(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

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

  test.each([
    ["Ruby", 'a\\e[31m\\#{key} of \\"x\\"'],
    ["Go", 'a\\x1b[31m#{key} of \\"x\\"'],
    ["C", 'a\\033[31m#{key} of \\"x\\"'],
    ["bash", "$'a\\E[31m#{key} of \"x\"'"],
    ["JSON", 'a\\u001b[31m#{key} of \\"x\\"'],
  ])("takes out what %s escapes", (_name, spelled) => {
    const coloured = planRedaction([{ key: "K", value: 'a\u001b[31m#{key} of "x"' }]);
    expect(redact(coloured, spelled)).toMatch(/^\$?'?\[redacted:K\]'?$/);
  });

  test("agrees with looking for every form at every place", () => {
    fc.assert(
      fc.property(text, (whole) => {
        expect(redact(plan, whole)).toBe(oracle(whole));
      }),
      { numRuns: numRuns / 2 },
    );
  });

  test("leaves values alone that are too short to tell from words", () => {
    expect(redact(planRedaction([{ key: "PIN", value: "1234567" }]), "1234567")).toBe("1234567");
  });

  test.each([
    ["trimmed", "  hunter-2-hunter \n", "'hunter-2-hunter'", "'[redacted:K]'"],
    ["a line alone", "first line\nsecond line", "> second line", "> [redacted:K]"],
    ["joined", "first line\nsecond line", "first line, second line", "[redacted:K], [redacted:K]"],
    ["folded", "first line\nsecond line", "fir\nst li\nne\nse\ncond line", "[redacted:K]"],
    ["folded, before blank lines", "12345678", "123\n45678\n\n\n\n", "[redacted:K]\n\n\n\n"],
    ["short lines of it, together", "ab\ncd\nefgh", "1: ab cd efgh", "1: [redacted:K]"],
    ["short lines of it, apart", "ab\ncd\nefgh", "1: ab, cd, efgh", "1: ab, cd, efgh"],
    [
      "parsed, of a key",
      '{"key":"first\\nsecond line\\n"}',
      "first\nsecond line",
      "first\n[redacted:K]",
    ],
  ])("takes out the lines of a secret: %s", (_name, held, printed, clean) => {
    expect(redact(planRedaction([{ key: "K", value: held }]), printed)).toBe(clean);
  });

  test("takes parts of a long secret out, too", () => {
    const long = Array.from({ length: 40 }, (_, index) => `line ${index} of a key`).join("\n");
    const clean = redact(planRedaction([{ key: "PEM", value: long }]), long.slice(0, 400));
    expect(clean).toBe("[redacted:PEM]");
  });

  test("redacts adjacent and overlapping secrets", () => {
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

describe("SEC-4 in bytes", () => {
  const held = 'ein schlüssel über zwei\nzeilen: \u010a+/ "x" 😀';
  const inBytes = planRedaction([{ key: "KEY", value: held }], "bytes");
  const encoded = (text: string, encoding: "utf8" | "utf16le" | "utf16be") => {
    const bytes = Buffer.from(text, encoding === "utf8" ? "utf8" : "utf16le");
    return (encoding === "utf16be" ? bytes.swap16() : bytes).toString("latin1");
  };

  test.each(["utf8", "utf16le", "utf16be"] as const)("lines are found in %s", (encoding) => {
    for (const line of held.split("\n")) {
      for (const spelled of new Set(writers.map((write) => write(line)))) {
        const text = encoded(`(${spelled})`, encoding);
        for (const chunkLength of [1, 3, text.length]) {
          const redactor = new Redactor(inBytes);
          let clean = "";
          for (let from = 0; from < text.length; from += chunkLength) {
            clean += redactor.write(text.slice(from, from + chunkLength));
          }
          clean += redactor.end();
          expect(clean, spelled).toContain("[redacted:KEY]");
          // Quotes, brackets, and base64 characters that depend on neighbouring bytes.
          expect(clean.replaceAll(/\0|%22|\\|\[redacted:KEY\]/g, "").length).toBeLessThan(14);
        }
      }
    }
  });
});

describe("SEC-4 F10 a Redactor", () => {
  test("answers the same, wherever the chunks are cut", () => {
    fc.assert(
      fc.property(text, cuts, (whole, cutsAt) => {
        expect(inPieces(whole, cutsAt).join("")).toBe(redact(plan, whole));
      }),
      { numRuns },
    );
  });

  test("never splits a character, whatever a secret begins or ends with", () => {
    const odd = planRedaction([
      { key: "BEGINS", value: "\ufffdabcdefghij" },
      { key: "ENDS", value: "klmnopqrst\ufffd" },
    ]);
    const lonely = Array.from({ length: 1024 }, (_, low) => String.fromCodePoint(0x1f400 + low));
    for (const character of lonely) {
      const printed = `${character}abcdefghij klmnopqrst${character}`;
      const redactor = new Redactor(odd);
      const pieces = [...printed].map((each) => redactor.write(each));
      for (const piece of [redact(odd, printed), ...pieces, redactor.end()]) {
        expect(piece.isWellFormed(), piece).toBe(true);
      }
    }
    expect(redact(odd, "\ufffdabcdefghij")).toBe("[redacted:BEGINS]");
  });

  test("lets nothing through in pauses but a few characters that may begin a secret", () => {
    fc.assert(
      fc.property(text, cuts, (whole, cutsAt) => {
        const out = inPieces(whole, cutsAt, true);
        const soFar = out.map((_, index) => out.slice(0, index + 1).join(""));
        for (const wanted of forms) {
          expect(soFar.at(-1)).not.toContain(wanted);
          expect(whole.includes(wanted) && soFar.some((shown) => shown.endsWith(wanted))).toBe(
            false,
          );
        }
      }),
      { numRuns: numRuns / 4 },
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

  describe("takes as many steps for each character", () => {
    const steps = (value: string, text: string, chunkLength = text.length) => {
      const redactor = new Redactor(planRedaction([{ key: "K", value }]));
      for (let from = 0; from < text.length; from += chunkLength) {
        redactor.write(text.slice(from, from + chunkLength));
      }
      redactor.end();
      return redactor.steps / text.length;
    };
    const numbered = (count: number) =>
      Array.from({ length: count }, (_, index) => `export KEY_${index.toString(36)}=${index}`);

    test("where a secret and a text almost match everywhere", () => {
      const value = `${"a".repeat(60_000)}b`;
      expect(steps(value, "a".repeat(2_000))).toBeLessThan(600);
      expect(steps(value, "a".repeat(8_000))).toBeLessThan(600);
      expect(steps(value, "a".repeat(2_000), 7)).toBeLessThan(6_000);
    });

    test("of a long text as of a short one", () => {
      const value = numbered(200).join("\n");
      const text = numbered(300).join(" ; ");
      const short = steps(value, text);
      expect(steps(value, `${text}\n`.repeat(8))).toBeLessThan(short * 1.1);
    });

    test("hardly more with many lines that begin alike than with a few", () => {
      const text = "export KEY_; export KEY_zz=; ".repeat(50);
      const few = steps(numbered(10).join("\n"), text);
      const many = steps(numbered(4_000).join("\n"), text);
      expect([few > 0, many < few * 8]).toEqual([true, true]);
    });
  });
});
