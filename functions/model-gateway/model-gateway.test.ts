import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterEach, describe, expect, test } from "vitest";
import { catalogue } from "#shared/core/models/catalogue";
import { callCostMicrousd } from "#shared/core/models/price";
import { pollUntil } from "../../local/lib/poll-until.ts";
import type { ServedCall } from "../../local/providers/server.ts";
import type { ScriptedTurn, WireFault } from "../../local/providers/turn.ts";
import { type Harness, startHarness, timeMicrousd } from "../../test/kit/model-harness.ts";

let harness: Harness;
const began = async (options: Parameters<typeof startHarness>[0]) => {
  harness = await startHarness(options);
  return harness;
};
afterEach(() => harness.stop());

const plenty = 1_000_000;
const said: ScriptedTurn = { items: [{ kind: "text", text: "Here is a short answer, in words." }] };
const messages = [{ role: "user" as const, content: "Say something." }];
const haiku = { model: "claude-haiku-4-5", max_tokens: 1_000, messages };
/** What 1,000 tokens of output can cost; the input comes on top. */
const outputMicrousd = 5_000;

function clientOf(index = 0) {
  const baseURL = harness.urls[index] ?? "";
  return new Anthropic({ baseURL, apiKey: null, authToken: "a model token", maxRetries: 0 });
}

function costOf({ request, usage }: ServedCall): number {
  const model = catalogue().models.find(({ id }) => id === request.model);
  return model ? callCostMicrousd(model.prices, usage) : Number.NaN;
}

const billOf = () => harness.providers.served.reduce((sum, call) => sum + costOf(call), 0);
const refusalOf = async (call: Promise<unknown>) => {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (error instanceof Anthropic.APIError) return error;
  throw new Error("It wasn't refused.");
};

describe("MOD-2 money is held before a call goes out", () => {
  test("a call that the budget can't cover is refused before the provider hears of it", async () => {
    await began({ balanceMicrousd: timeMicrousd + outputMicrousd });
    harness.providers.play(() => said);
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect(refused).toMatchObject({ status: 402, error: { error: { type: "billing_error" } } });
    expect(refused.message).toContain("the balance leaves no more");
    expect(harness.providers.served).toHaveLength(0);
    await clientOf().messages.create({ ...haiku, max_tokens: 100 });
    const { chargedMicrousd } = await harness.settle();
    expect(chargedMicrousd).toBe(timeMicrousd + billOf());
  });

  test("BUD-9 a key that runs several is refused for now what would exceed its share", async () => {
    const besideMicrousd = 4 * outputMicrousd;
    await began({ balanceMicrousd: 2 * besideMicrousd, besideMicrousd });
    harness.providers.play(() => said);
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect(refused).toMatchObject({ status: 429, error: { error: { type: "rate_limit_error" } } });
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(refused.message).toContain("may hold $0.020000 for several executions at once");
    expect(harness.providers.served).toHaveLength(0);
  });

  test("counting tokens costs nothing, and is answered when no money is left", async () => {
    await began({ balanceMicrousd: timeMicrousd });
    const counted = await clientOf().messages.countTokens({ model: haiku.model, messages });
    expect(counted.input_tokens).toBeGreaterThan(0);
    expect((await refusalOf(clientOf().messages.create(haiku))).status).toBe(402);
    const { chargedMicrousd } = await harness.settle();
    expect(chargedMicrousd).toBe(timeMicrousd);
  });

  test.each([
    ["callCostMicrousdMax", "could cost more than the deployment allows for one"],
    ["executionCostMicrousdMax", "cost as much as the deployment allows"],
  ])("%s bounds what is spent however large the budget is", async (limit, sentence) => {
    await began({ balanceMicrousd: plenty, limits: { [limit]: outputMicrousd } });
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect([refused.status, refused.message]).toEqual([402, expect.stringContaining(sentence)]);
    expect(harness.providers.served).toHaveLength(0);
  });

  test("200 calls at once over processes that are killed overspend nothing", {
    tags: ["slow"],
  }, async () => {
    await began({ balanceMicrousd: plenty, gateways: 3, limits: { openCallsMax: 256 } });
    let asked = 0;
    harness.providers.play(() => {
      asked += 1;
      if (asked === 20) harness.kill(0);
      if (asked === 60) harness.kill(1);
      return said;
    });
    const call = (index: number) =>
      clientOf(index % 3)
        .messages.stream(haiku)
        .finalMessage();
    const calls = Array.from({ length: 200 }, (_, index) => call(index));
    const results = await Promise.allSettled(calls);
    const { chargedMicrousd, balanceMicrousd } = await harness.settle();
    const meter = await harness.meter();
    expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(meter.calls).toEqual({});
    expect(meter.lossMicrousd).toBe(0);
    expect(meter.unknownCount).toBeGreaterThan(0);
    expect(meter.chargedMicrousd).toBeGreaterThanOrEqual(billOf());
    expect(chargedMicrousd).toBe(timeMicrousd + meter.chargedMicrousd);
    expect(balanceMicrousd).toBe(plenty - chargedMicrousd);
    expect(balanceMicrousd).toBeGreaterThanOrEqual(0);
  });

  test("a reservation that was stored when the database went away is freed once it is back", async () => {
    await began({ balanceMicrousd: plenty });
    harness.providers.play(() => said);
    // Enough is held for the next call, too.
    await clientOf().messages.create(haiku);
    const { chargedMicrousd } = await harness.meter();
    harness.loseDatabase();
    await refusalOf(clientOf().messages.create(haiku));
    expect(Object.keys((await harness.meter()).calls)).toHaveLength(1);
    harness.findDatabase();
    const isFree = async () => Object.keys((await harness.meter()).calls).length === 0;
    expect(await pollUntil(isFree, 40_000)).toBe(true);
    expect(await harness.meter()).toMatchObject({ chargedMicrousd, unknownCount: 0 });
    expect(harness.providers.served).toHaveLength(1);
  });

  test("nothing is reserved once the execution has ended, and a late end charges nothing", async () => {
    await began({ balanceMicrousd: plenty });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    harness.providers.play([{ ...said, beforeEvent: () => held }]);
    const late = clientOf().messages.stream(haiku).finalMessage();
    const isServed = () => harness.providers.served.length === 1;
    expect(await pollUntil(isServed, 40_000)).toBe(true);
    const { chargedMicrousd } = await harness.settle();
    expect(chargedMicrousd).toBeGreaterThan(timeMicrousd + outputMicrousd);
    release();
    await late;
    expect(await harness.meter()).toMatchObject({
      chargedMicrousd: chargedMicrousd - timeMicrousd,
    });
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect(refused.message).toContain("has ended");
  });
});

describe("MOD-3 what the provider reports is charged, once", () => {
  test("its own clients get its bytes, and the meter what it reports", async () => {
    await began({ balanceMicrousd: plenty });
    harness.providers.play(() => said);
    const message = await clientOf().messages.stream(haiku).finalMessage();
    expect(message.content).toMatchObject([{ type: "text" }]);
    const openai = new OpenAI({ baseURL: `${harness.urls[0]}/v1`, apiKey: "a model token" });
    const asked = { model: "gpt-5-mini", messages, max_completion_tokens: 500 };
    const stream = await openai.chat.completions.create({ ...asked, stream: true });
    let chunks = 0;
    for await (const { choices } of stream) chunks += choices.length === 1 ? 1 : Number.NaN;
    expect(chunks).toBeGreaterThan(2);
    await openai.chat.completions.create(asked);
    expect(await harness.meter()).toMatchObject({ callCount: 3, chargedMicrousd: billOf() });
  });

  test.each<[string, WireFault]>([
    ["is cut", { kind: "cut", afterEvents: 4 }],
    ["is no stream at all", { kind: "garbage" }],
    ["reports other fields", { kind: "usage", change: () => ({ tokens_in: 1, tokens_out: 2 }) }],
    ["reports nothing", { kind: "usage", change: () => undefined }],
    ["ends in an error", { kind: "error-event", afterEvents: 4 }],
  ])("an answer that %s costs its ceiling", async (_, fault) => {
    await began({ balanceMicrousd: plenty });
    harness.providers.play([{ ...said, fault }]);
    await clientOf()
      .messages.stream(haiku)
      .finalMessage()
      .catch(() => undefined);
    const isCharged = async () => (await harness.meter()).unknownCount === 1;
    expect(await pollUntil(isCharged, 40_000)).toBe(true);
    expect((await harness.meter()).chargedMicrousd).toBeGreaterThan(outputMicrousd);
  });

  test("a line of 10 MB and one that is no JSON pass, and don't hide the report", async () => {
    await began({ balanceMicrousd: plenty });
    const sizeBytes = 10_000_000;
    harness.providers.play([{ ...said, fault: { kind: "long-line", sizeBytes } }]);
    let bytes = 0;
    const stream = await clientOf().messages.create({ ...haiku, stream: true });
    for await (const event of stream) bytes += JSON.stringify(event).length;
    expect(bytes).toBeGreaterThan(sizeBytes);
    expect(await harness.meter()).toMatchObject({ unknownCount: 0, chargedMicrousd: billOf() });
  });

  test("a provider's refusal is free, and passes with its Retry-After", async () => {
    await began({ balanceMicrousd: plenty });
    const fault = { kind: "status", status: 429, retryAfterSeconds: 7 } as const;
    harness.providers.play([{ items: [], fault }]);
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect([refused.status, refused.headers?.get("retry-after")]).toEqual([429, "7"]);
    const { chargedMicrousd, calls } = await harness.meter();
    expect([chargedMicrousd, calls]).toEqual([0, {}]);
  });

  test("a provider that never answers ends with the call's time, and costs the ceiling", async () => {
    await began({ balanceMicrousd: plenty, limits: { silentMsMax: 200 } });
    harness.providers.play([{ items: [], fault: { kind: "never-answers" } }]);
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect(refused.status).toBe(504);
    const { unknownCount, calls } = await harness.meter();
    expect([unknownCount, calls]).toEqual([1, {}]);
  });

  test("a client that leaves in the middle is charged what the whole answer costs", async () => {
    await began({ balanceMicrousd: plenty });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const beforeEvent = async (index: number) => {
      if (index === 4) await held;
    };
    harness.providers.play([{ ...said, beforeEvent }]);
    const stream = await clientOf().messages.create({ ...haiku, stream: true });
    for await (const event of stream) if (event.type === "content_block_delta") break;
    release();
    const isCharged = async () => (await harness.meter()).chargedMicrousd > 0;
    expect(await pollUntil(isCharged, 40_000)).toBe(true);
    expect(await harness.meter()).toMatchObject({ unknownCount: 0, chargedMicrousd: billOf() });
  });

  test("a repeated idempotency key is answered again, and made and charged once", async () => {
    await began({ balanceMicrousd: plenty, gateways: 2 });
    harness.providers.play(() => said);
    const headers = { "idempotency-key": "once" };
    const first = await clientOf().messages.create(haiku, { headers });
    expect(await clientOf().messages.create(haiku, { headers })).toEqual(first);
    const elsewhere = await refusalOf(clientOf(1).messages.create(haiku, { headers }));
    expect([elsewhere.status, elsewhere.headers?.get("x-should-retry")]).toEqual([409, "false"]);
    expect(harness.providers.served).toHaveLength(1);
    expect(await harness.meter()).toMatchObject({ callCount: 1, chargedMicrousd: billOf() });
  });
});

describe("MOD-1 the keys of providers stay in the gateway", () => {
  test("a provider that refuses one tells the client nothing of it", async () => {
    await began({ balanceMicrousd: plenty });
    harness.providers.play([{ items: [], fault: { kind: "status", status: 401 } }]);
    const refused = await refusalOf(clientOf().messages.create(haiku));
    expect(refused.status).toBe(502);
    expect(refused.message).not.toContain("401");
  });
});
