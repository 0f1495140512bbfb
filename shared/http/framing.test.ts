import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ForwardingOptions, forwardRequest, forwardResponse, framingOf } from "./framing.ts";

const received = (rawHeaders: readonly string[], httpVersion = "1.1") => ({
  rawHeaders,
  httpVersion,
});
const options: ForwardingOptions = { host: "a.test", keepAlive: true };
const chunked = ["Transfer-Encoding", "chunked"];

describe("NET-5 a message's framing", () => {
  test.each([
    [[], { kind: "none" }],
    [["content-length", "0"], { kind: "length", bytes: 0 }],
    [["Content-Length", "12"], { kind: "length", bytes: 12 }],
    [["TRANSFER-ENCODING", "Chunked"], { kind: "chunked" }],
  ])("of %j is %j", (headers, framing) => {
    expect(framingOf(received(headers))).toEqual(framing);
  });

  test.each([
    [["Content-Length", "3", ...chunked]],
    [["Content-Length", "3", "content-length", "3"]],
    [["Content-Length", "3, 3"]],
    [["Content-Length", "+3"]],
    [["Content-Length", "0x3"]],
    [["Content-Length", "3e1"]],
    [["Content-Length", ""]],
    [["Content-Length", "9".repeat(16)]],
    [["Transfer-Encoding", "gzip, chunked"]],
    [["Transfer-Encoding", "chunked, identity"]],
    [["Transfer-Encoding", "xchunked"]],
    [["Transfer-Encoding", ""]],
    [[...chunked, ...chunked]],
  ])("of %j is refused", (headers) => {
    expect(() => framingOf(received(headers))).toThrow("It");
  });

  test("in chunks is none of HTTP/1.0", () => {
    expect(() => framingOf(received(chunked, "1.0"))).toThrow("HTTP/1.0");
  });
});

describe("NET-5 a forwarded request", () => {
  test("has one Host and one framing, whatever Connection names", () => {
    const sent = ["Host", "b.test", "X-Mine", "1", "X-Named", "2", "Content-Length", "3"];
    const connection = ["Connection", "keep-alive, host, X-Named, content-length"];
    const { headers } = forwardRequest(
      { ...received([...sent, ...connection]), method: "POST" },
      options,
    );
    expect(headers).toEqual([
      ...["Host", "a.test", "X-Mine", "1", "Content-Length", "3", "Connection", "keep-alive"],
    ]);
  });

  test.each(["Authorization", "Idempotency-Key", "X-API-Key", "X-Forwarded-For"])(
    "keeps its %s, though Connection names it",
    (name) => {
      const sent = [name, "1", "Connection", `close, ${name}`];
      const { headers } = forwardRequest(received(sent), options);
      expect(headers).toContain(name);
    },
  );

  test.each(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"])(
    "with a body of a %s keeps its framing, and its connection for nothing else",
    (method) => {
      const withBody = forwardRequest({ ...received(chunked), method }, options);
      expect(withBody).toMatchObject({ hasBody: true, reusable: false });
      expect(withBody.headers.slice(-4)).toEqual([...chunked, "Connection", "close"]);
      const without = forwardRequest({ ...received([]), method }, options);
      expect(without).toMatchObject({ hasBody: false, reusable: true });
    },
  );

  test("without a body says so where one is expected", () => {
    const { headers, hasBody } = forwardRequest({ ...received([]), method: "POST" }, options);
    expect([headers.slice(2, 4), hasBody]).toEqual([["Content-Length", "0"], false]);
  });

  test("never has more than one framing header or Host, whatever comes", () => {
    const name = fc.constantFrom(
      ...["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Keep-Alive", "X-A", "te"],
    );
    const value = fc.constantFrom("chunked", "3", "host", "content-length, x-a", "close", "");
    const pairs = fc.array(fc.tuple(name, value), { maxLength: 8 });
    fc.assert(
      fc.property(pairs, fc.constantFrom("GET", "POST", "DELETE"), (sent, method) => {
        const message = { ...received(sent.flat()), method };
        let headers: string[];
        try {
          ({ headers } = forwardRequest(message, options));
        } catch {
          return;
        }
        const names = headers.filter((_, index) => index % 2 === 0).map((one) => one.toLowerCase());
        const count = (...wanted: string[]) => names.filter((one) => wanted.includes(one)).length;
        expect(count("host")).toBe(1);
        expect(count("content-length", "transfer-encoding")).toBeLessThanOrEqual(1);
        expect(count("connection")).toBe(1);
        expect(count("keep-alive", "te")).toBe(0);
      }),
    );
  });
});

describe("NET-5 a forwarded answer", () => {
  test("keeps its length, and nothing of its connection", () => {
    const headers = ["Content-Length", "3", "Connection", "x-a, content-length", "X-A", "1"];
    expect(forwardResponse(received(headers))).toEqual([["Content-Length", "3"]]);
    expect(forwardResponse(received([...chunked, "X-A", "1"]))).toEqual([["X-A", "1"]]);
    expect(() => forwardResponse(received(["Transfer-Encoding", "gzip"]))).toThrow("coding");
  });
});
