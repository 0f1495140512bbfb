/** Answers of providers that are written by hand, byte by byte. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { DeploymentModels } from "#shared/core/models/deployment-models";
import { type Harness, startHarness, timeMicrousd } from "../../test/kit/model-harness.ts";

let harness: Harness | undefined;
let provider: Server | undefined;
afterEach(async () => {
  await harness?.stop();
  provider?.closeAllConnections();
  provider?.close();
});

interface Answered {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the connection breaks after the body instead of ending. */
  readonly isCut?: boolean;
}

/** Makes one call to a provider that answers so. */
async function callWith({ status, headers = {}, body, isCut = false }: Answered) {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.write(body, () => (isCut ? response.destroy() : response.end()));
    });
  });
  provider = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const deployment = DeploymentModels.parse({ providers: { anthropic: { baseUrl } } });
  harness = await startHarness({ balanceMicrousd: 1_000_000, deployment });
  const messages = [{ role: "user", content: "Hello" }];
  const asked = { model: "claude-haiku-4-5", max_tokens: 100, messages };
  const answer = await fetch(`${harness.urls[0]}/v1/messages`, {
    method: "POST",
    body: JSON.stringify(asked),
  });
  const { chargedMicrousd } = await harness.settle();
  const text = await answer.text();
  return { answer, text, costMicrousd: chargedMicrousd - timeMicrousd };
}

const usage = { input_tokens: 10, output_tokens: 5 };
const message = JSON.stringify({ type: "message", content: [], usage });
const account = "org-of-the-deployment";
const limits = {
  ...{ "anthropic-ratelimit-tokens-remaining": "1234", "x-ratelimit-remaining-requests": "7" },
  "retry-after": "9",
};

describe("MOD-1 nothing of the deployment's account passes", () => {
  test("what is left of its limits is kept from owners, who would see each other's calls", async () => {
    const { answer, text } = await callWith({ status: 200, headers: limits, body: message });
    expect(JSON.parse(text)).toMatchObject({ usage });
    expect([...answer.headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
  });

  test.each([402, 429])("the words of a %s are ours", async (status) => {
    const error = { message: `Rate limit reached in organization ${account}` };
    const body = JSON.stringify({ error });
    const seen = await callWith({ status, headers: limits, body });
    expect(seen.text).not.toContain(account);
    expect(seen.answer.status).toBe(status === 429 ? 429 : 502);
    expect(seen.answer.headers.get("retry-after")).toBe(status === 429 ? "9" : null);
    expect(seen.costMicrousd).toBe(0);
  });
});

describe("MOD-3 what a provider refused is free", () => {
  test.each<[string, Answered]>([
    ["is cut", { status: 529, body: '{"error":', isCut: true }],
    ["is compressed", { status: 529, body: "{}", headers: { "content-encoding": "gzip" } }],
  ])("also if the refusal %s", async (_, answered) => {
    const { answer, costMicrousd } = await callWith(answered);
    expect([answer.status, costMicrousd]).toEqual([502, 0]);
  });

  test("but a compressed answer can't be metered, and costs the most that it can", async () => {
    const headers = { "content-encoding": "gzip" };
    const { answer, costMicrousd } = await callWith({ status: 200, headers, body: message });
    expect(answer.status).toBe(502);
    expect(costMicrousd).toBeGreaterThan(500);
  });
});
