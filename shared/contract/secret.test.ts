import { describe, expect, test } from "vitest";
import { forwardRequest } from "../http/framing.ts";
import { HostPattern } from "./network.ts";
import { SecretCreate, warningsOf } from "./secret.ts";

const bound = { key: "KEY", value: "a-secret-value", hosts: ["api.example.com"] };
const takes = (name: string) => SecretCreate.safeParse({ ...bound, headers: [name] }).success;

/** Whether a request keeps its own value of that header on its way to the host. */
function isPassedOn(name: string): boolean {
  const rawHeaders = ["Host", "api.example.com", name, "own"];
  const request = { rawHeaders, httpVersion: "1.1", method: "GET" };
  try {
    const { headers } = forwardRequest(request, { host: "api.example.com", keepAlive: true });
    return headers.some((value, index) => value === "own" && headers[index - 1] === name);
  } catch {
    return false;
  }
}

describe("SEC-5 a secret can be bound to a header that reaches the host, and to no other", () => {
  const connection = ["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"];
  const framing = ["content-length", "expect", "host", "http2-settings", "transfer-encoding"];
  const ofProxy = ["proxy-authenticate", "proxy-authorization"];
  const ofHost = ["authorization", "cookie", "private-token", "x-api-key", "x-goog-api-key"];
  test.each([...connection, ...framing, ...ofProxy, ...ofHost])("%s", (name) => {
    expect(takes(name)).toBe(isPassedOn(name));
    expect(takes(name.toUpperCase())).toBe(takes(name));
  });

  test("which the exchange writes itself", () => expect(takes("Accept-Encoding")).toBe(false));
});

test("a host is stored as it is compared, or refused", () => {
  const stored = (text: string) => HostPattern.safeParse(text).data;
  expect(stored("API.example.com.")).toBe("api.example.com");
  expect(stored("*.example.com.")).toBe("*.example.com");
  expect(stored("api.example.com..")).toBeUndefined();
  expect(stored("*.example.com..")).toBeUndefined();
});

test("a name that is given twice is warned of, since only its last value counts", () => {
  const [one, other] = [
    { key: "ONE", value: "plain" },
    { key: "TWO", value: "a-secret-value" },
  ];
  expect(warningsOf([one], [other])).toEqual([]);
  expect(warningsOf([one, one, one], [other, other])).toEqual([
    "The variable ONE is given 3 times: only its last value counts.",
    "The secret TWO is given 2 times: only its last value counts.",
  ]);
});
