import { describe, expect, test } from "vitest";
import { limitNames } from "./messages.ts";
import { parseRequest } from "./supervisor.ts";

const limits = Object.fromEntries(limitNames.map((name, index) => [name, index + 1]));

describe("parseRequest()", () => {
  test("takes the three requests, and of each only what it knows", () => {
    expect(parseRequest('{"do":"start","as":"root"}')).toEqual({ do: "start" });
    expect(parseRequest('{"do":"stop"}')).toEqual({ do: "stop" });
    const request = { do: "prepare", limits: { ...limits, path: "/etc" } };
    expect(parseRequest(JSON.stringify(request))).toEqual({ do: "prepare", limits, layer: null });
    const layer = { use: "mount", sizeBytes: 5, path: "/etc" };
    expect(parseRequest(JSON.stringify({ ...request, layer }))).toMatchObject({
      layer: { use: "mount", sizeBytes: 5 },
    });
  });

  test.each([
    "null",
    "[]",
    "{}",
    '{"do":"mount"}',
    '{"do":"prepare"}',
    '{"do":"prepare","limits":null}',
    JSON.stringify({ do: "prepare", limits: { ...limits, memoryBytes: 0 } }),
    JSON.stringify({ do: "prepare", limits: { ...limits, memoryBytes: 1.5 } }),
    JSON.stringify({ do: "prepare", limits: { ...limits, tmpBytes: "1,mode=4777" } }),
    JSON.stringify({ do: "prepare", limits, layer: { use: "mount", sizeBytes: "1,mode=4777" } }),
    JSON.stringify({ do: "prepare", limits, layer: { use: "etc" } }),
    "not json",
  ])("refuses %s", (text) => {
    expect(() => parseRequest(text)).toThrow();
  });
});
