import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Evidence, EvidenceFile, evidenceSigner } from "#shared/core/audit/evidence-format";
import { formatNoteKey } from "#shared/core/audit/signed-note";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { temporaryFolder } from "../scripts/tools/temporary-folder.ts";
import { makeKey } from "../test/kit/audit-export.ts";
import { sampleEvidence, signedEvidence } from "../test/kit/sample-evidence.ts";
import { verifyEvidence } from "./verify-evidence.ts";
import { ExportFault, parseExact } from "./verify-header.ts";

const log = makeKey("example.com/log");
const signer = makeKey(evidenceSigner(log.key.name));
const keys = { logs: [log.key], evidence: [signer.key], witnesses: [] };
const evidence = sampleEvidence(log);
const file = signedEvidence(evidence, signer);

function verdict(changed: unknown): string {
  try {
    const { data } = EvidenceFile.safeParse(parseExact(Buffer.from(JSON.stringify(changed))));
    if (!data) return "not evidence";
    verifyEvidence(data, keys);
    return "verified";
  } catch (error) {
    if (error instanceof ExportFault) return error.message;
    throw error;
  }
}

const withEvidence = (change: Partial<Evidence>) => ({
  ...file,
  evidence: { ...evidence, ...change },
});

type Path = readonly (string | number)[];

/** Every place in the value, from the root's children down. */
function pathsIn(value: unknown, trail: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return names.flatMap((name) => {
    const path = [...trail, name];
    return [path, ...pathsIn(Reflect.get(value, name), path)];
  });
}

/** A copy with another value, a copy of its neighbour, or nothing in one place. */
function changeAt(path: Path, how: "edit" | "remove" | "repeat" | "swap"): unknown {
  const copy: unknown = structuredClone(file);
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, name) => Reflect.get(Object(value), name), copy);
  const name = path.at(-1) ?? "";
  const target = Object(parent);
  const old: unknown = Reflect.get(target, name);
  if (how === "edit") Reflect.set(target, name, otherThan(old));
  else if (Array.isArray(parent)) {
    const place = Number(name);
    if (how === "remove") parent.splice(place, 1);
    else if (how === "repeat") parent.splice(place, 0, structuredClone(old));
    else parent.splice(place, 2, ...parent.slice(place, place + 2).reverse());
  } else Reflect.deleteProperty(target, name);
  return copy;
}

function otherThan(old: unknown): unknown {
  if (typeof old === "number") return old + 1;
  if (typeof old === "boolean") return !old;
  if (typeof old === "string") return /^[0-9a-f]{64}$/.test(old) ? "f".repeat(64) : `${old}x`;
  return old === null ? "" : null;
}

describe("AUD-8 evidence of an execution", () => {
  test("is verified with the public keys alone", () => {
    expect(verdict(file)).toBe("verified");
    const spaced = JSON.parse(JSON.stringify(file, null, 2));
    expect(verdict(spaced)).toBe("verified");
  });

  test("is refused whatever single value, entry or field of it changes", () => {
    const paths = pathsIn(file);
    expect(paths.length).toBeGreaterThan(150);
    const how = fc.constantFrom(
      "edit" as const,
      "remove" as const,
      "repeat" as const,
      "swap" as const,
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), how, (path, change) => {
        const changed = changeAt(path, change);
        const isSame = JSON.stringify(changed) === JSON.stringify(file);
        expect(verdict(changed) === "verified", path.join(".")).toBe(isSame);
      }),
      { numRuns: 800 },
    );
  });

  test("is refused whatever byte of it changes", () => {
    const text = JSON.stringify(file);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 127 }), (place, mask) => {
        const code = text.charCodeAt(place) ^ mask;
        const changed = text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
        const value = parseExact(Buffer.from(changed));
        expect(value === undefined ? "not JSON" : verdict(value)).not.toBe("verified");
      }),
      { numRuns: 500 },
    );
  });

  const [one, two, three] = evidence.attempts ?? [];
  const attempts = (...list: readonly (typeof one)[]) =>
    withEvidence({ attempts: list.filter((entry) => entry !== undefined) });
  const [first, ...later] = evidence.rows;
  const cases: readonly (readonly [string, unknown, string])[] = [
    [
      "edited",
      attempts(one, two && { ...two, host: "other.example" }, three),
      "attempts 2 was edited.",
    ],
    ["left out", attempts(one, three), "Part 2 of 19, before attempts 2, is missing."],
    [
      "moved",
      attempts(two, one, three),
      "attempts 1 isn't in its place; part 1 of 19 comes later.",
    ],
    ["repeated", attempts(one, one, two, three), "attempts 2 is a duplicate of an earlier part."],
    ["added", attempts(one, two, two && { ...two, port: 1 }, three), "attempts 3 was added."],
    ["an edited field", withEvidence({ madeAt: 11 }), "madeAt was edited."],
    ["a missing row", withEvidence({ rows: later }), "before rows 1, is missing."],
    ["a cut end", withEvidence({ rows: first ? [first] : [] }), "before task, is missing."],
  ];
  test.each(cases)("names what is wrong if something is %s", (_what, changed, sentence) => {
    expect(verdict(changed)).toContain(sentence);
  });

  test("is refused if it says otherwise than the rows, though it is signed", () => {
    const signed = (change: Partial<Evidence>) =>
      verdict(signedEvidence({ ...evidence, ...change }, signer));
    const otherTask = { ...evidence.task, contentDigest: "9".repeat(64) };
    expect(signed({ task: otherTask })).toContain("contradicts taskDigest of aud_");
    const limits = { ...evidence.limits, values: { wallClockMs: 1 } };
    expect(signed({ limits })).toContain("contradicts the digest of the limits");
    expect(signed({ costs: [] })).toContain("contradicts its own cost lines");
    const rows = evidence.rows.map(({ row, place }) => {
      return { place, row: { ...row, facts: { ...row.facts, outcome: "failed" } } };
    });
    expect(signed({ rows })).toContain("another entry in place of aud_");
    const execution = { ...evidence.execution, id: "run_000000000000000000002" };
    expect(signed({ execution })).toContain("isn't a row of this execution");
  });

  test("is refused with another key, or the key of another log", () => {
    const other = makeKey(signer.key.name);
    expect(verdict(signedEvidence(evidence, other))).toBe(
      "The evidence isn't signed by the given key.",
    );
    const foreign = makeKey("elsewhere.example/log/evidence");
    const trusting = { ...keys, evidence: [foreign.key] };
    expect(() => verifyEvidence(signedEvidence(evidence, foreign), trusting)).toThrow(
      "isn't of the log that has its rows",
    );
  });
});

describe("npm run audit:verify", () => {
  test("verifies evidence, and names the part that was edited", { tags: ["slow"] }, async () => {
    const folder = temporaryFolder("audit-evidence-");
    const [path, keyPath] = [join(folder, "evidence.json"), join(folder, "key.json")];
    // As the route that shows it answers.
    await writeFile(keyPath, JSON.stringify({ key: formatNoteKey(signer.key) }));
    const verify = async (content: unknown) => {
      await writeFile(path, JSON.stringify(content, null, 2));
      const env = { ...process.env, NO_COLOR: "1" };
      const given = ["--key", formatNoteKey(log.key), "--evidence-key", keyPath];
      const all = [join(repositoryRoot, "audit/main.ts"), path, ...given];
      return await promisify(execFile)(process.execPath, all, { env }).catch(
        (failed: { code: number; stdout: string; stderr: string }) => failed,
      );
    };
    const right = await verify(file);
    expect(right.stdout).toContain("3 connection attempts, 2 changed files) is as it was signed.");
    const wrong = await verify(withEvidence({ costs: [] }));
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("is missing") });
  });
});
