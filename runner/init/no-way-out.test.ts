import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { RefusedAttempt } from "./messages.ts";
import { readAttempt, refuseAll } from "./no-way-out.ts";

/** The answer to each request, and what is reported about it. */
async function ask(...requests: readonly string[]) {
  const told: RefusedAttempt[] = [];
  const server = await refuseAll(0, (attempt) => told.push(attempt));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const answers = requests.map(async (request) => {
    const client = connect(address.port, "127.0.0.1").on("error", () => undefined);
    await once(client, "connect");
    client.write(request);
    return text(client);
  });
  try {
    return { answers: await Promise.all(answers), told };
  } finally {
    server.close();
  }
}

describe("NET-4 where there is no network", () => {
  test("a request and a tunnel are answered with the rule, and how to get one", async () => {
    const { answers, told } = await ask(
      "GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n",
      "CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\n\r\n",
    );
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 403 The environment has no network \(no_network\)\r\n/);
      expect(answer).toContain("x-paddock-rule: no_network\r\n");
    }
    const body: unknown = JSON.parse(answers[1]?.split("\r\n\r\n")[1] ?? "");
    expect(body).toMatchObject({
      error: expect.stringContaining("The environment has no network. Ask "),
      host: "registry.test",
      howToAllow: expect.stringContaining('[{"host":"registry.test","ports":[443]}]'),
    });
    expect(told).toEqual(
      expect.arrayContaining([
        { method: "http", host: "example.com", port: 80 },
        { method: "connect", host: "registry.test", port: 443 },
      ]),
    );
  });

  test("a head that comes in pieces is waited for, and what isn't HTTP gets nothing", async () => {
    const { answers, told } = await ask(
      "\u0016\u0003\u0001\r\n\r\n",
      "CONNECT a:1 HTTP/1.1\r\n\r\n",
    );
    expect(answers[0]).toBe("");
    expect(answers[1]).toContain("no_network");
    expect(told).toEqual([{ method: "connect", host: "a", port: 1 }]);
  });
});

describe("readAttempt()", () => {
  const of = (target: string, method = "GET") =>
    readAttempt(`${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);

  test.each([
    ["http://host/", "host", 80],
    ["http://host:8080/x", "host", 8080],
    ["HTTP://user:word@host/x", "host", 80],
    ["http://[::1]:3/", "[::1]", 3],
    ["host:99999", "host", 0],
    ["/path", "", 80],
  ])("%s", (target, host, port) => {
    expect(of(target)).toEqual({ method: "http", host, port });
  });

  test("returns a bounded text", () => {
    expect(of(`http://${"a".repeat(5_000)}/`)?.host).toHaveLength(260);
    expect(readAttempt("nonsense")).toBeNull();
  });
});
