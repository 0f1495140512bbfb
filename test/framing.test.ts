// @module-tag slow
/** An upstream reads exactly the requests that were judged, by every way of forwarding. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allMethods, type Way, ways } from "./kit/forwarding-ways.ts";
import { exchangeBytes, readConnection } from "./kit/raw-upstream.ts";

/** Ids that no change of one text turns into another's. */
const idOf = (index: number) => String.fromCharCode(97 + index).repeat(5);
const hidden = "GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n";
const bodiless = ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"];
const chunks = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
const framings = {
  chunked: { headers: "Transfer-Encoding: chunked", body: chunks, carries: hidden },
  length: { headers: `Content-Length: ${hidden.length}`, body: hidden, carries: hidden },
  both: {
    headers: `Content-Length: ${chunks.length}\r\nTransfer-Encoding: chunked`,
    body: chunks,
    carries: null,
  },
  none: { headers: "X-Framing: none", body: "", carries: "" },
} as const;
const connections = [
  "keep-alive",
  "close",
  "keep-alive, content-length, transfer-encoding",
  "Content-Length,host",
  "close, Transfer-Encoding , HOST",
];
const messageOf = (way: Way, method: string, path: string, lines: readonly string[]) =>
  [`${method} ${way.target(path)} HTTP/1.1`, `Host: ${way.host}`, ...lines, "", ""].join("\r\n");

describe.each(Object.entries(ways))("NET-5 %s", (name, openWay) => {
  let way: Way;
  beforeAll(async () => {
    way = await openWay();
  });
  afterAll(async () => await way.close());

  test.each(Object.entries(framings))("a body framed by %s", async (framing, sent) => {
    for (const method of allMethods) {
      for (const connection of connections) {
        const lines = [`Connection: ${connection}`, sent.headers];
        const first = messageOf(way, method, "/things", lines) + sent.body;
        const after = messageOf(way, "GET", "/after", ["Connection: close"]);
        const answer = await exchangeBytes(await way.open(), first + after);
        const heard = await way.upstream.takeHeard();
        const about = `${method}, ${framing}, ${connection}: ${answer.slice(0, 60)}`;
        const requests = heard.flatMap((one) => one.requests);
        expect(heard.map(({ rest }) => rest).join(""), about).toBe("");
        const isTaken = sent.carries !== null && way.methods.includes(method);
        const expected = isTaken ? [[method, "/things", sent.carries]] : [];
        const others = requests.filter(({ target }) => target !== "/after");
        expect(
          others.map(({ method, target, body }) => [method, target, body]),
          about,
        ).toEqual(expected);
        expect(Math.max(0, ...heard.map((one) => one.requests.length)), about).toBeLessThanOrEqual(
          way.requestsMax,
        );
        for (const { headers } of requests) {
          expect(
            headers.filter(([header]) => header === "host"),
            about,
          ).toEqual([["host", way.host]]);
        }
        // A server that ignores the body of such a method would read it as the next request.
        const isLast = isTaken && sent.carries !== "" && bodiless.includes(method);
        const carrying = heard.find((one) =>
          one.requests.some(({ target }) => target === "/things"),
        );
        if (isLast) expect(carrying?.requests, about).toHaveLength(1);
      }
    }
  });

  const seeds = Object.values(framings).flatMap((sent) =>
    ["GET", "POST", "DELETE"].map((method) => ({ method, sent })),
  );
  const strange = [
    ..."\r\n \t:,;\0".split(""),
    ...[
      "\r\n",
      "\r\n\r\n",
      "0\r\n\r\n",
      "chunked",
      "identity",
      "\u000b",
      "-1",
      "+1",
      "0x10",
      "\u00ff",
    ],
    ...["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n"],
    ...["Connection: content-length\r\n", "Connection: transfer-encoding, host\r\n"],
    ...["Host: evil.test\r\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\n", hidden],
  ];
  const edits = fc.array(fc.tuple(fc.nat(260), fc.constantFrom(...strange), fc.nat(4)), {
    maxLength: 5,
  });
  const mutated = fc.tuple(fc.constantFrom(...seeds), edits, fc.boolean());
  const together = 25;
  // Some ways need a TLS handshake at both ends, so they are tried less often.
  const short = name.includes("bound") ? 250 : 750;
  /** It gives up all that it read of a client that has ended. */
  const leaving = name.includes("bound") ? (["late"] as const) : (["late", true] as const);
  const runs = (process.env.PADDOCK_LONG === undefined ? short : 70_000) / together;

  test("mutated requests reach no upstream differently framed than judged", {
    timeout: 3_600_000,
  }, async () => {
    let heard = 0;
    const property = fc.asyncProperty(
      fc.array(mutated, { minLength: together, maxLength: together }),
      fc.constantFrom(...leaving),
      async (batch, halfClose) => {
        const sent = batch.map(
          (
            [
              {
                method,
                sent: { headers, body },
              },
              changes,
              again,
            ],
            index,
          ) => {
            const whole =
              messageOf(way, method, "/things", [`X-Id: ${idOf(index)}`, headers]) + body;
            const text = changes.reduce(
              (before, [at, piece, dropped]) =>
                before.slice(0, at) + piece + before.slice(at + dropped),
              whole,
            );
            return again ? text + messageOf(way, "GET", "/after", []) : text;
          },
        );
        await Promise.all(
          sent.map(async (bytes) => exchangeBytes(await way.open(), bytes, { halfClose })),
        );
        for (const { requests, rest } of await way.upstream.takeHeard()) {
          heard += requests.length;
          expect(requests.length).toBeLessThanOrEqual(way.requestsMax);
          // An incomplete rest begins with the head of a judged request, too.
          expect(rest).not.toMatch(/^\S+ \S*smuggled/);
          for (const { headers, body, target } of requests) {
            expect(target).not.toContain("smuggled");
            expect(headers.filter(([header]) => header === "host")).toEqual([["host", way.host]]);
            const id = headers.find(([header]) => header === "x-id")?.[1] ?? "";
            const asSent = sent.find((_text, index) => idOf(index) === id) ?? "";
            // Empty lines before a request are ignored (RFC 9112, section 2.2).
            const read = readConnection(asSent.replace(/^(?:\r\n)+/, "")).requests;
            // One before it may have been refused, and the connection kept.
            const judged = read.find((request) => !request.target.includes("smuggled"));
            if (judged && target === "/things") expect(body, asSent).toBe(judged.body);
          }
        }
      },
    );
    await fc.assert(property, { numRuns: runs });
    // Else the rest would hold nothing.
    expect(heard).toBeGreaterThan((runs * together) / 10);
  });
});
