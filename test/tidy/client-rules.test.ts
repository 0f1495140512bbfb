import { expect, test } from "vitest";
import { findHalfClients } from "./client-rules.ts";
import { parseSource } from "./source-file.ts";

const found = (text: string, path = "shared/a.ts") => findHalfClients(parseSource(path, text));

test("refuses a client that only hears of answers and errors", () => {
  const text = `outgoing.once("response", resolve); outgoing.on("error", reject);`;
  expect(found(text)).toHaveLength(1);
  expect(found(`${text} other.on("response", take); refuseStrangeAnswers(other, fail);`)).toEqual([
    expect.objectContaining({ line: 1 }),
  ]);
});

test("allows one that hears of what is no answer, and tests", () => {
  const text = `outgoing.once("response", resolve);`;
  expect(found(`${text} refuseStrangeAnswers(outgoing, reject);`)).toEqual([]);
  expect(found(text, "test/kit/a.ts")).toEqual([]);
  expect(found(`emitter.once("answer", resolve);`)).toEqual([]);
});
