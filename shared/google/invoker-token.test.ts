import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { InvokerTokens } from "./invoker-token.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close().closeAllConnections();
});

async function metadata(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `127.0.0.1:${Object(server.address()).port}`;
}

test("asks once for each audience, and again before a token could end", async () => {
  const asked: string[] = [];
  const metadataHost = await metadata((request, response) => {
    asked.push(String(request.url));
    expect(request.headers["metadata-flavor"]).toBe("Google");
    response.end(`token${asked.length}\n`);
  });
  let nowMs = 0;
  const tokens = new InvokerTokens({ metadataHost, now: () => nowMs });
  const both = await Promise.all([tokens.of("https://a.example"), tokens.of("https://a.example")]);
  expect(both).toEqual(["token1", "token1"]);
  expect(await tokens.of("https://b.example")).toBe("token2");
  nowMs = 45 * 60_000;
  expect(await tokens.of("https://a.example")).toBe("token3");
  expect(asked[0]).toContain("audience=https%3A%2F%2Fa.example&format=full");
});

test("what failed is told as unavailable, and asked for again", async () => {
  let answers = 0;
  const metadataHost = await metadata((_, response) => {
    answers += 1;
    response.statusCode = answers === 1 ? 500 : 200;
    response.end(answers === 2 ? "no token\nat all" : "token");
  });
  const tokens = new InvokerTokens({ metadataHost, now: () => 0 });
  await expect(tokens.of("https://a.example")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(tokens.of("https://a.example")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await tokens.of("https://a.example")).toBe("token");
});
