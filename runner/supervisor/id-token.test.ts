import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { useLoopbackServers } from "../../test/kit/loopback-servers.ts";
import { fetchIdToken } from "./id-token.ts";

const { listen } = useLoopbackServers();
/** A timeout that is long enough on a busy machine, so that only silence uses it up. */
const ms = { try: 1_000, pause: 1, all: 60_000 };

/** A metadata server with a list of answers, the last of which is repeated. */
async function metadata(...answers: ((response: ServerResponse) => void)[]) {
  const asked: (string | undefined)[] = [];
  const port = await listen(({ url }, response) => {
    asked.push(url);
    (answers[asked.length - 1] ?? answers.at(-1))?.(response);
  });
  return { asked, host: `127.0.0.1:${port}` };
}

describe("fetchIdToken()", () => {
  test("asks for the audience", async () => {
    const { asked, host } = await metadata((response) => response.end(" token\n"));
    expect(await fetchIdToken(host, "https://a.test", ms)).toBe("token");
    expect(asked[0]).toContain("audience=https%3A%2F%2Fa.test&format=full");
  });

  // Guards against a runner that gave up because one answer was late; no other runner would claim.
  test.each<[string, (response: ServerResponse) => void]>([
    ["is silent", () => undefined],
    ["hangs up", (response) => response.destroy()],
    ["is busy", (response) => response.writeHead(503).end()],
    ["is asked too often", (response) => response.writeHead(429).end()],
  ])("asks again when the server %s", async (_what, answer) => {
    const { asked, host } = await metadata(answer, (response) => response.end("token"));
    expect(await fetchIdToken(host, "a", ms)).toBe("token");
    expect(asked).toHaveLength(2);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ["refuses", (response) => response.writeHead(404).end()],
    ["has none", (response) => response.end(" ")],
    ["says too much", (response) => response.end("x".repeat(20_000))],
  ])("gives up at once when the server %s", async (_what, answer) => {
    const { asked, host } = await metadata(answer);
    await expect(fetchIdToken(host, "a", ms)).rejects.toThrow();
    expect(asked).toHaveLength(1);
  });

  test("gives up in the end", async () => {
    const { host } = await metadata((response) => response.writeHead(503).end());
    await expect(fetchIdToken(host, "a", { ...ms, all: 20 })).rejects.toThrow("503");
  });
});
