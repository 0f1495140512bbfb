import { expect, test } from "vitest";
import { changedNumberSentence } from "./changed-numbers.ts";

test.each([
  ["an id of 64 bits", '{"metadata":{"id":9007199254740993}}', "The field metadata.id"],
  ["one below zero in a list", '{"a":[1,-12345678901234567890]}', "The field a.1"],
  ["one that no double reaches", '{"a":1e400}', "The field a"],
  ["one of a name that no header can hold", '{"é":1e400}', "The field of another name"],
  ["the body itself", "12345678901234567890", "The body"],
])("%s is named", (_what, json, named) => {
  expect(changedNumberSentence(json)).toBe(
    `${named} holds a number that is too long, and was changed: send it as a text.`,
  );
});

test.each([
  ["a text of digits", '{"a":"9007199254740993"}'],
  ["a large number that is kept", '{"a":9007199254740992,"b":1e20,"c":100000000000000000000}'],
  ["a fraction, which everybody rounds", '{"a":0.12345678901234567890}'],
  ["usual JSON", '{"a":[1,2.5,null,true],"b":{"c":"x"}}'],
])("nothing is said of %s", (_what, json) => {
  expect(changedNumberSentence(json)).toBeNull();
});
