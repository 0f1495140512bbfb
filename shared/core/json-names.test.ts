import { expect, test } from "vitest";
import { nameGivenTwice } from "./json-names.ts";

test.each([
  ['{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]}', null],
  ['{"a":"\\"a\\",\\"a\\"","b":["a","a","b"]}', null],
  ['["a","a",{"a":"a"},{"a":"a"}]', null],
  ['"a"', null],
  ["{}", null],
  ['{"a":1,"b":2,"a":1}', "a"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"a":{"b":{"c":1}, "d":[{"e":1,"f":{},"e":2}]}}', "a.d.e"],
  ['{"a":[[1,{"b":1}],{"b":[],"b":[]}]}', "a.b"],
  ['{ "" : 1 , "x\\\\" : 2, "" : 3 }', ""],
])("%s", (json, twice) => {
  JSON.parse(json);
  expect(nameGivenTwice(json)).toBe(twice);
});

test("a large text is looked through in one pass", () => {
  const fields = Array.from({ length: 100_000 }, (_, index) => `"n${index}":{"a":[1,"2"]}`);
  expect(nameGivenTwice(`{${fields.join(",")},"n0":0}`)).toBe("n0");
});
