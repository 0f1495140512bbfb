/** Model calls through the gateway with the providers' own clients: what they cost, to the micro-dollar. */
import { setTimeout as wait } from "node:timers/promises";
import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#shared/core/models/catalogue";
import { callCostMicrousd } from "#shared/core/models/price";
import type { ServedCall } from "../../local/providers/server.ts";
import type { ScriptedTurn } from "../../local/providers/turn.ts";
import { accountOf, expectSettled } from "../kit/assert-settled.ts";
import { until } from "../kit/cloud.ts";
import {
  anthropicThrough,
  type CallingExecution,
  type ModelWorld,
  startCalling,
  startModelWorld,
} from "../kit/model-calls.ts";
import { testMsMax } from "../kit/money.ts";
import { seed } from "../kit/seed.ts";
import { SeededRandom } from "../kit/seeded-random.ts";

let world: ModelWorld;
const gateway = (index = 0) => {
  const found = world.gateways[index];
  if (!found) throw new Error("There is no such process.");
  return found;
};

beforeAll(async () => {
  world = await startModelWorld({ openCallsMax: 256 });
});
afterAll(() => world.stop());

const said: ScriptedTurn = {
  items: [
    { kind: "thinking", text: "The user wants a short answer." },
    { kind: "text", text: "Here is a short answer, in some words." },
  ],
};
const ask = [{ role: "user" as const, content: "Say something." }];
const haiku = { model: "claude-haiku-4-5", max_tokens: 1_000, messages: ask };

/** What the provider's own count costs by the catalogue. */
function costOf({ request, usage }: ServedCall): number {
  const model = catalogue().models.find(({ id }) => id === request.model);
  if (!model) throw new Error(`${request.model} isn't in the catalogue.`);
  return callCostMicrousd(model.prices, usage);
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, each) => total + each, 0);
const tokenHeader = ({ modelToken }: CallingExecution) => ({
  authorization: `Bearer ${modelToken}`,
});

describe("MOD-3 what providers report is charged", () => {
  test("their own clients work through the gateway, and each call costs what it reports", async () => {
    const execution = await startCalling(1);
    const { providers } = world;
    const before = providers.served.length;
    providers.play(() => said);
    const at = `${gateway().baseUrl}/internal/models`;
    const message = await anthropicThrough(gateway(), execution)
      .messages.stream(haiku)
      .finalMessage();
    expect(message.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
    const openai = new OpenAI({ baseURL: `${at}/openai/v1`, apiKey: execution.modelToken });
    const stream = await openai.chat.completions.create({
      ...{ model: "gpt-5-mini", messages: ask, max_completion_tokens: 500, stream: true },
    });
    let text = "";
    for await (const chunk of stream) {
      // Usage was asked for by the gateway, and is hidden again.
      expect(chunk.usage ?? null).toBeNull();
      text += chunk.choices[0]?.delta.content ?? "";
    }
    expect(text).toBe("Here is a short answer, in some words.");
    const asked = { model: "gpt-5-mini", input: "Say something.", max_output_tokens: 500 };
    const response = await openai.responses.create(asked);
    expect(response.output_text).toBe(text);
    expect(providers.served.at(-1)?.request.body.store).toBe(false);
    const httpOptions = { baseUrl: `${at}/gemini`, headers: tokenHeader(execution) };
    const gemini = new GoogleGenAI({ apiKey: "none", httpOptions });
    const config = { maxOutputTokens: 500 };
    const contents = "Say something.";
    const content = { model: "gemini-2.5-flash", contents, config };
    expect((await gemini.models.generateContent(content)).text).toBe(text);
    const chunks = await gemini.models.generateContentStream({
      ...content,
      model: "gemini-3-flash",
    });
    for await (const _ of chunks);
    const served = providers.served.slice(before);
    expect(served).toHaveLength(5);
    const meter = await execution.meter();
    expect(meter).toMatchObject({ callCount: 5, calls: {}, unknownCount: 0 });
    expect(meter.chargedMicrousd).toBe(sum(served.map(costOf)));
    const { modelCostMicrousd, chargedMicrousd } = await execution.settle();
    expect(modelCostMicrousd).toBe(meter.chargedMicrousd);
    expect(chargedMicrousd).toBeGreaterThan(modelCostMicrousd);
    const ended = await expectSettled(execution.owner, execution.id);
    expect(ended.outputTokens).toBe(sum(served.map(({ usage }) => usage.outputTokens)));
  });

  test("no report is the ceiling, a refusal is free, a client that leaves is charged", async () => {
    const execution = await startCalling(1);
    const client = anthropicThrough(gateway(), execution);
    const charged = async () => (await execution.meter()).chargedMicrousd;
    const refusal: ScriptedTurn = {
      ...{ items: [], fault: { kind: "status", status: 529, retryAfterSeconds: 7 } },
    };
    world.providers.play([refusal]);
    const overloaded: unknown = await client.messages.create(haiku).catch((error) => error);
    if (!(overloaded instanceof Anthropic.APIError)) throw new Error("not refused");
    expect([overloaded.status, overloaded.headers?.get("retry-after")]).toEqual([529, "7"]);
    expect(await charged()).toBe(0);
    const ceiling = 1_000 * 5;
    world.providers.play([{ ...said, fault: { kind: "cut", afterEvents: 4 } }]);
    await expect(client.messages.stream(haiku).finalMessage()).rejects.toThrow();
    await until("the charge", async () => (await charged()) > ceiling);
    const afterCut = await charged();
    expect(await execution.meter()).toMatchObject({ unknownCount: 1 });
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const beforeEvent = async (index: number) => {
      if (index === 6) await held;
    };
    world.providers.play([{ ...said, beforeEvent }]);
    const stream = await client.messages.create({ ...haiku, stream: true });
    for await (const event of stream) if (event.type === "content_block_delta") break;
    release();
    const left = world.providers.served.at(-1);
    if (!left) throw new Error("nothing was served");
    await until("the charge", async () => (await charged()) === afterCut + costOf(left));
    await execution.settle();
    await expectSettled(execution.owner, execution.id);
  });

  test("a repeated idempotency key is answered again, and charged and made once", async () => {
    const execution = await startCalling(1);
    const { providers } = world;
    providers.play(() => said);
    const before = providers.served.length;
    const headers = { "idempotency-key": "once" };
    const client = anthropicThrough(gateway(), execution);
    const first = await client.messages.create(haiku, { headers });
    const again = await client.messages.create(haiku, { headers });
    expect(again).toEqual(first);
    // Another process has no copy of the answer, and doesn't make the call again.
    const elsewhere = anthropicThrough(gateway(1), execution).messages.create(haiku, { headers });
    await expect(elsewhere).rejects.toMatchObject({ status: 409 });
    expect(providers.served.length - before).toBe(1);
    expect(await execution.meter()).toMatchObject({ callCount: 1 });
    await execution.settle();
  });
});

describe("MOD-2 money is held before a call goes out", () => {
  test("a call that the budget can't cover is refused before the provider hears of it", async () => {
    const execution = await startCalling(1);
    const before = world.providers.served.length;
    const dear = { ...haiku, model: "claude-opus-4-7", max_tokens: 100_000 };
    const client = anthropicThrough(gateway(), execution);
    const refused: unknown = await client.messages.create(dear).catch((error) => error);
    if (!(refused instanceof Anthropic.APIError)) throw new Error("not refused");
    expect(refused).toMatchObject({ status: 402, error: { error: { type: "billing_error" } } });
    expect(refused.message).toContain("the balance leaves no more");
    expect(world.providers.served.length).toBe(before);
    await execution.settle();
    const { modelCostMicrousd } = await expectSettled(execution.owner, execution.id);
    expect(modelCostMicrousd).toBe(0);
    const late: unknown = await client.messages.create(haiku).catch((error) => error);
    expect(late).toMatchObject({ status: expect.any(Number) });
    expect(world.providers.served.length).toBe(before);
  });

  test(
    `200 calls at once over two processes that are killed overspend nothing (seed ${seed})`,
    async () => {
      const random = new SeededRandom(seed);
      const execution = await startCalling(1);
      const { providers } = world;
      const before = providers.served.length;
      providers.play(() => said);
      const call = async (index: number) => {
        const client = anthropicThrough(gateway(index % 2), execution);
        return await client.messages
          .stream(haiku)
          .finalMessage()
          .then(
            () => "answered",
            (error: unknown) => (error instanceof Anthropic.APIError ? error.status : "cut"),
          );
      };
      const calls = Promise.all(Array.from({ length: 200 }, (_, index) => call(index)));
      for (let killed = 0; killed < 2; killed += 1) {
        await wait(100 + random.below(500));
        gateway(killed).kill();
      }
      const outcomes = await calls;
      const ended = await execution.settle();
      const served = providers.served.slice(before);
      const bill = sum(served.map(costOf));
      const { meter } = { meter: await execution.meter() };
      expect(outcomes.filter((outcome) => outcome === "answered").length).toBeGreaterThan(0);
      expect(meter).toMatchObject({ calls: {}, lossMicrousd: 0 });
      expect(ended.modelCostMicrousd).toBe(meter.chargedMicrousd);
      expect(ended.modelCostMicrousd).toBeGreaterThanOrEqual(bill);
      expect(ended.modelCostMicrousd).toBeLessThanOrEqual(meter.heldMicrousd);
      await expectSettled(execution.owner, execution.id);
      expect((await accountOf(execution.owner)).balanceMicrousd).toBeGreaterThanOrEqual(0);
    },
    testMsMax,
  );
});
