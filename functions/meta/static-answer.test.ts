import { expect, test } from "vitest";
import { staticAnswer, staticText } from "./static-answer.ts";

const text = staticText("text/plain", "text");
const none = { ifMatch: null, ifNoneMatch: null, ifRange: null, range: null };
const request = { method: "GET", preconditions: none } as Parameters<typeof staticAnswer>[1];

test.each([
  [undefined, false],
  ["gzip", true],
  ["GZIP;q=0.5, br", true],
  ["*", true],
  ["br, *;q=0.1", true],
  ["gzip;q=0, *", false],
  ["*;q=0", false],
  ["gzip ; q=0.000", false],
  ["identity", false],
  ["gzipped", false],
])("a client that takes %s", (accepted, isPacked) => {
  const reply = staticAnswer(text, request, accepted);
  const headers = "headers" in reply ? reply.headers : {};
  expect(headers?.["content-encoding"]).toBe(isPacked ? "gzip" : undefined);
});
