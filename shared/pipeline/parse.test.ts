/** What is refused when a body or a query is read, and in which words. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { PackageTypeParam, RuntimesSet } from "../contract/build.ts";
import { EnvironmentCreate } from "../contract/environment.ts";
import { SecretCreate } from "../contract/secret.ts";
import { idSchema } from "../core/ids.ts";
import { parseParams, parseQuery, readJson, validated } from "./parse.ts";

const anything = z.looseObject({});

async function read(text: string | Buffer, nul: "refused" | "kept" = "refused"): Promise<unknown> {
  const request = new IncomingMessage(new Socket());
  request.push(text);
  request.push(null);
  const options = { bytesMax: 1_000_000, contentType: "application/json", nul };
  return await readJson(request, anything, options);
}

async function refusalOf(text: string | Buffer) {
  return await read(text).then(
    () => null,
    (error: unknown) => error,
  );
}

describe("SEC-8 a body that no later stage could use", () => {
  test.each([
    ['{"name":"\\ud83d"}', "MALFORMED_JSON", "The field name holds half of a surrogate pair"],
    [
      '{"a":[{"\\udfff":1}]}',
      "MALFORMED_JSON",
      "The field a.0.\ufffd holds half of a surrogate pair",
    ],
    ['"\\ud83d"', "MALFORMED_JSON", "The body holds half of a surrogate pair"],
    [
      '{"network":{"mode":"none","mode":"internet"}}',
      "VALIDATION_FAILED",
      "The field network.mode is given twice; send it once.",
    ],
    [
      '{"envVars":{"__proto__":"p"}}',
      "VALIDATION_FAILED",
      "The field envVars.__proto__ can't be used",
    ],
    ['{"metadata":{"a":{"\\u005f_proto__":{}}}}', "VALIDATION_FAILED", "metadata.a.__proto__"],
    [
      '{"value":"sk-live\\u0000"}',
      "VALIDATION_FAILED",
      "The field value must not hold the character U+0000",
    ],
    ['{"value":sk-live-4242}', "MALFORMED_JSON", "The body isn't valid JSON"],
    [Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22]), "MALFORMED_JSON", "The body isn't valid UTF-8"],
    ["[".repeat(50), "MALFORMED_JSON", "The body's JSON is nested more than 40 levels deep"],
  ])("%s is refused once, by its field, and nothing quotes it", async (text, code, message) => {
    const refused = await refusalOf(text);
    expect(refused).toMatchObject({ code, cause: undefined });
    expect(String(refused)).toContain(message);
    expect(String(refused)).not.toContain("4242");
  });

  test("is one that a runner may well send: what programs print holds U+0000", async () => {
    expect(await read('{"output":"a\\u0000b"}', "kept")).toEqual({ output: "a\u0000b" });
  });

  test("isn't one that only looks like it", async () => {
    const names = ["toDate", "constructor", "hasOwnProperty", "toJSON", "then", ""];
    const pairs = [...names, "😀"].map((name) => [name, "__proto__"]);
    const text = JSON.stringify(Object.fromEntries(pairs));
    expect(await read(text)).toEqual(JSON.parse(text));
  });
});

describe("TEN-2 a body of many small values", () => {
  test.each([
    ["a list", `{"runtimes":[${"0,".repeat(20_000)}0]}`],
    ["names", `{${Array.from({ length: 20_001 }, (_, index) => `"${index}":1`).join()}}`],
    ["lists of nothing", `[${"[],".repeat(20_000)}[]]`],
    ["objects within each other", `[${'{"a":{}},'.repeat(10_000)}1]`],
  ])("is refused before its elements are checked: %s", async (_, text) => {
    const refused = await refusalOf(text);
    expect(refused).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    expect(String(refused)).toContain("holds more than 20000 values: send fewer");
  });

  test("is none whose texts hold as many commas and brackets", async () => {
    const body = { content: '[{",\\"'.repeat(20_000) };
    expect(await read(JSON.stringify(body))).toEqual(body);
  });
});

describe("a query", () => {
  test.each(["a=1&a=2", "a=%00", "__proto__=1"])(
    "%s is refused by the parameter's name",
    (text) => {
      const parse = () => parseQuery(anything, new URLSearchParams(text));
      expect(parse).toThrowError(expect.objectContaining({ code: "VALIDATION_FAILED" }));
    },
  );
});

describe("what is wrong with a field", () => {
  const Body = z.object({
    name: z.string().trim().min(1).max(5),
    count: z.int().min(1).max(9).optional(),
    part: z.number().positive().optional(),
    kind: z.enum(["one", "two"]).optional(),
    only: z.literal(true).optional(),
    list: z.array(z.string()).max(1).optional(),
    map: z.record(z.string().regex(/^[a-z]$/, "must be a letter"), z.string()).optional(),
    when: z.iso.datetime().optional(),
    mode: z
      .discriminatedUnion("mode", [
        z.object({ mode: z.literal("a") }),
        z.object({ mode: z.literal("c") }),
      ])
      .optional(),
  });
  const wrong: readonly (readonly [unknown, string])[] = [
    [{}, "The field name is required."],
    [{ name: 7 }, "The field name must be a string."],
    [{ name: "" }, "The field name must have at least 1 character."],
    [{ name: "too long" }, "The field name must have at most 5 characters."],
    [{ name: "a", count: 0 }, "The field count must be at least 1."],
    [{ name: "a", count: 10 }, "The field count must be at most 9."],
    [{ name: "a", count: 1.5 }, "The field count must be a whole number."],
    [{ name: "a", part: 0 }, "The field part must be more than 0."],
    [{ name: "a", kind: "x" }, 'The field kind must be one of "one", "two".'],
    [{ name: "a", only: false }, "The field only must be true."],
    [{ name: "a", list: ["", ""] }, "The field list must have at most 1 entry."],
    [{ name: "a", list: [7] }, "The field list.0 must be a string."],
    [
      { name: "a", map: { AB: "" } },
      "The field map.AB isn't a name that can be used here: it must be a letter.",
    ],
    [
      { name: "a", when: "x" },
      "The field when must be a date and time as ISO 8601 has it, such as 2026-01-31T00:00:00Z.",
    ],
    [{ name: "a", mode: { mode: "b" } }, 'The field mode.mode must be one of "a", "c".'],
    [{ name: "a", mode: {} }, 'The field mode.mode is required, and must be one of "a", "c".'],
    [[], "The body must be an object."],
    [null, "The body must be an object."],
  ];
  test.each(wrong)("%j is told as what to change", (value, message) => {
    expect(() => validated(Body, value, "body")).toThrowError(message);
  });

  test("is what is wrong in the form that was meant, if there are several", () => {
    const runtimes = (value: unknown) => () => validated(RuntimesSet, { runtimes: value }, "body");
    expect(runtimes({ python: 3 })).toThrowError("The field runtimes.python must be a string.");
    expect(runtimes({ cobol: "3" })).toThrowError("The field runtimes must name nothing but");
    expect(runtimes(["cobol"])).toThrowError("The field runtimes.0 must be of ");
    expect(runtimes(3)).toThrowError("The field runtimes must be a list or an object.");
  });

  test("names packages of a type that there isn't, which would otherwise be left out", () => {
    const body = { name: "n", packages: { ruby: ["rails"] } };
    const message =
      "The field packages.ruby isn't taken here: what is taken is system, python, node.";
    expect(() => validated(EnvironmentCreate, body, "body")).toThrowError(message);
  });

  test("says which words a part of the address may be, and of an id nothing", () => {
    const Params = z.object({ id: idSchema("environment"), type: PackageTypeParam });
    const id = `env_${"0".repeat(21)}`;
    const words = 'The part type of the address must be one of "system", "python", "node".';
    expect(() => parseParams(Params, { id, type: "ruby" })).toThrowError(words);
    const unknown = "Nothing with that id belongs to you.";
    expect(() => parseParams(Params, { id: "x", type: "node" })).toThrowError(unknown);
  });

  test("reads on from the field's name where the schema says it itself", () => {
    const secret = { key: "A B", value: "x" };
    const message =
      "The field key must be made of letters, digits and _, and not begin with a digit.";
    expect(() => validated(SecretCreate, secret, "body")).toThrowError(message);
  });
});
