import { describe, expect, test } from "vitest";
import { cutText, findUnusable, mayBeUnusable, shownField } from "./usable-text.ts";

const half = "\ud83d";
/** Parsed like a body, because a literal would set the prototype for `__proto__`. */
const parsed = (json: string) => JSON.parse(json);

describe("SEC-8 text that no later stage can use", () => {
  test.each([
    [`"\\ud83d"`, ""],
    [`"\\ude00 low alone"`, ""],
    [`{"a":[1,{"b":"x\\ud83d\\ud83d"}]}`, "a.1.b"],
    [`{"metadata":{"\\udc00":1}}`, "metadata.\udc00"],
  ])("%s holds half a character at %j", (json, field) => {
    expect(mayBeUnusable(json)).toBe(true);
    expect(findUnusable(parsed(json), "kept")).toEqual({ field, why: "ill-formed" });
  });

  test.each([`{"a":{"__proto__":"p"}}`, `{"a":[{"\\u005f_proto__":{}}]}`])(
    "%s has a field that objects would drop",
    (json) => {
      expect(mayBeUnusable(json)).toBe(true);
      expect(findUnusable(parsed(json), "kept")).toMatchObject({ why: "reserved-name" });
    },
  );

  test("is U+0000 where it isn't kept, in names as in values", () => {
    for (const json of [`{"a":"\\u0000"}`, `{"\\u0000":1}`]) {
      expect(mayBeUnusable(json)).toBe(true);
      expect(findUnusable(parsed(json), "refused")).toMatchObject({ why: "nul" });
      expect(findUnusable(parsed(json), "kept")).toBeNull();
    }
  });

  test.each([`"😀"`, `"\\ud83d\\ude00"`, `{"constructor":1,"toJSON":2,"":3}`, `{"a":"__proto__"}`])(
    "is none of %s",
    (json) => {
      expect(findUnusable(parsed(json), "refused")).toBeNull();
    },
  );

  test("is told by a name that can itself be shown", () => {
    expect(shownField(`a.${half}\n${"b".repeat(500)}`)).toMatch(/^a\.\ufffd\ufffdb{100,}$/);
  });
});

describe("text that is cut", () => {
  test.each([
    ["abc", 2, "ab"],
    ["a😀", 2, "a"],
    ["a😀", 3, "a😀"],
    ["😀😀", 3, "😀"],
    ["", 5, ""],
  ])("%j at %i is %j", (text, max, cut) => {
    expect(cutText(text, max)).toBe(cut);
    expect(cutText(text, max).isWellFormed()).toBe(true);
  });
});
