import { expect, test } from "vitest";
import { notOffered } from "#shared/pipeline/not-offered";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";
import { repositoryRoot } from "../tools/repository.ts";
import { contractOperations, type Operation, operationRows } from "./render-compatibility.ts";

const route = query({
  ...publicRead,
  endpoint: "GET /v1/things/:thingId",
  summary: "Get a thing.",
  reply: { 200: "bytes" },
  read: "nothing",
  answer: () => ({ status: 200, body: {} }),
});
const operation: Operation = {
  operation: "GET /things/{id}",
  group: "Things",
  ring: "core",
  client: true,
};
const none = { differences: {}, missing: [] };

test("an operation is answered, differs, or isn't offered for a reason that is given", () => {
  const stateOf = (routes: Parameters<typeof operationRows>[1], notes = {}) =>
    operationRows([operation], routes, { ...none, ...notes })[0]?.slice(2);
  expect(stateOf([route])).toEqual(["yes", ""]);
  const differences = { "GET /things/{id}": "always blue" };
  expect(stateOf([route], { differences })).toEqual(["differs", "always blue"]);
  const missing = [{ operations: /^GET \/things\//, why: "not yet" }];
  expect(stateOf([], { missing })).toEqual(["not offered", "not yet"]);
  const refused = notOffered("GET /v1/things/*", "Things aren't");
  expect(stateOf([refused])).toEqual(["not offered", "501: Things aren't offered"]);
});

test("an operation that nothing answers and nothing names is refused, as is a stale note", () => {
  expect(() => operationRows([operation], [], none)).toThrow("GET /things/{id}");
  const stale = { ...none, differences: { "GET /other": "gone" } };
  expect(() => operationRows([operation], [route], stale)).toThrow("GET /other");
});

test("the list has each operation of the contract once", () => {
  const names = contractOperations(repositoryRoot).map((one) =>
    one.operation.replace(/\{\w+\}/g, "{}"),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBe(314);
});
