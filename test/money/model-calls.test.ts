/** What model calls cost that the providers' own clients make through the gateway. */
import { GoogleGenAI } from "@google/genai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "#shared/core/models/catalogue";
import { callCostMicrousd } from "#shared/core/models/price";
import type { ServedCall } from "../../local/providers/server.ts";
import type { ScriptedTurn } from "../../local/providers/turn.ts";
import { accountOf, expectBalanced, untilEnded } from "../kit/assert-settled.ts";
import {
  anthropicThrough,
  type CallingExecution,
  type ModelWorld,
  startCalling,
  startModelWorld,
} from "../kit/model-calls.ts";
import { testMsMax } from "../kit/money.ts";
import type { TestOwner } from "../kit/owners.ts";

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
/** Its end is in the account and the ledger; nothing is held any more. */
async function expectEnded(owner: TestOwner, id: string) {
  const ended = await untilEnded(owner, id);
  await expectBalanced(owner);
  return ended;
}

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
    expect(meter).toMatchObject({ callCount: 5, unknownCount: 0 });
    expect(meter.calls).toEqual({});
    expect(meter.chargedMicrousd).toBe(sum(served.map(costOf)));
    const { modelCostMicrousd, chargedMicrousd } = await execution.settle();
    expect(modelCostMicrousd).toBe(meter.chargedMicrousd);
    expect(chargedMicrousd).toBeGreaterThan(modelCostMicrousd);
    const ended = await expectEnded(execution.owner, execution.id);
    expect(ended.outputTokens).toBe(sum(served.map(({ usage }) => usage.outputTokens)));
  });
});

describe("MOD-2 money is held before a call goes out", () => {
  test(
    "200 calls at once over two processes that are killed overspend nothing",
    async () => {
      const execution = await startCalling(1);
      const { providers } = world;
      const before = providers.served.length;
      let asked = 0;
      providers.play(() => {
        asked += 1;
        if (asked === 20) gateway(0).kill();
        if (asked === 60) gateway(1).kill();
        return said;
      });
      const call = async (index: number) => {
        const client = anthropicThrough(gateway(index % 2), execution);
        const made = client.messages.stream(haiku).finalMessage();
        return await made.then(
          () => "answered",
          () => "failed",
        );
      };
      const calls = Promise.all(Array.from({ length: 200 }, (_, index) => call(index)));
      const outcomes = await calls;
      const ended = await execution.settle();
      const served = providers.served.slice(before);
      const bill = sum(served.map(costOf));
      const meter = await execution.meter();
      expect(outcomes.filter((outcome) => outcome === "answered").length).toBeGreaterThan(0);
      expect([meter.calls, meter.lossMicrousd]).toEqual([{}, 0]);
      expect(ended.modelCostMicrousd).toBe(meter.chargedMicrousd);
      expect(ended.modelCostMicrousd).toBeGreaterThanOrEqual(bill);
      expect(ended.modelCostMicrousd).toBeLessThanOrEqual(meter.heldMicrousd);
      await expectEnded(execution.owner, execution.id);
      expect((await accountOf(execution.owner)).balanceMicrousd).toBeGreaterThanOrEqual(0);
    },
    testMsMax,
  );
});
