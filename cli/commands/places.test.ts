import { expect, test } from "vitest";
import { encodedPath, placeFrom } from "./places.ts";
import { scriptFrom } from "./script.ts";

test.each([
  ["data.csv", { kind: "local", path: "data.csv" }],
  ["./env:data.csv", { kind: "local", path: "./env:data.csv" }],
  ["/tmp/a:b", { kind: "local", path: "/tmp/a:b" }],
  ["my env:/a/b", { kind: "remote", environment: "my env", path: "a/b" }],
  [":a:b", { kind: "remote", environment: undefined, path: "a:b" }],
])("%s names one place", (text, place) => {
  expect(placeFrom(text)).toEqual(place);
});

test("a path is encoded by its segments", () => {
  expect(encodedPath("a b/c?d#e")).toBe("a%20b/c%3Fd%23e");
});

test("several arguments reach the program as they were given", () => {
  expect(scriptFrom(["echo $HOME | wc"])).toBe("echo $HOME | wc");
  expect(scriptFrom(["printf", "%s", "it's $HOME", ""])).toBe("printf %s 'it'\\''s $HOME' ''");
});
