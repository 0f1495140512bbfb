import { describe, expect, test } from "vitest";
import { planRedaction } from "#shared/core/redaction/plan";
import { outputBytesMax } from "#shared/protocol/runner";
import { cutBytes, Output } from "./output.ts";

function collect(streamBytesMax = 1_000_000) {
  let streamed = "";
  let runaways = 0;
  const output = new Output({
    redaction: planRedaction([{ key: "KEY", value: "hunter2hunter2" }]),
    streamBytesMax,
    onText: (text) => {
      streamed += text;
    },
    onRunaway: () => {
      runaways += 1;
    },
  });
  return { output, streamed: () => streamed, runaways: () => runaways };
}

describe("an Output", () => {
  test("decodes across chunks, and replaces what isn't text", () => {
    const { output, streamed } = collect();
    const sink = output.open("answer");
    for (const byte of Buffer.from("é😀")) sink.write(Uint8Array.of(byte));
    sink.write(Uint8Array.of(0xff, 0xf0));
    sink.end();
    expect(streamed()).toBe("é😀\ufffd\ufffd");
    expect(output.answer()).toEqual({ output: streamed(), outputTruncated: false });
  });

  test("answers with whole characters, because half of one couldn't be settled", () => {
    const { output } = collect();
    output.addToAnswer("cut here: \ud83d");
    expect(output.answer().output).toBe("cut here: \ufffd");
  });

  test("redacts across chunks", () => {
    const { output, streamed } = collect();
    const sink = output.open("answer");
    for (const character of "say hunter2hunter2!") sink.write(Buffer.from(character));
    sink.end();
    expect(streamed()).toBe("say [redacted:KEY]!");
  });

  test("F10 passes on held text during silence only if it reveals nothing of a secret", async () => {
    const { output, streamed } = collect();
    const sink = output.open("answer");
    sink.write(Buffer.from("what? hun"));
    expect(streamed()).toBe("what? ");
    await expect.poll(streamed, { timeout: 40_000 }).toBe("what? hun");
    sink.write(Buffer.from("ter2hunter2 and hunter2hun"));
    expect(streamed()).toBe("what? hun[redacted:KEY] and ");
    sink.end();
    expect(streamed()).toBe("what? hun[redacted:KEY] and [redacted:KEY]");
  });

  test("puts progress into the stream, not into the answer", () => {
    const { output, streamed } = collect();
    const sink = output.open("progress");
    sink.write(Buffer.from("working"));
    sink.end();
    expect(streamed()).toBe("working");
    expect(output.answer().output).toBe("");
  });

  test("cuts the answer within its bytes, and says so", () => {
    const { output } = collect();
    const sink = output.open("answer");
    sink.write(Buffer.from("é".repeat(outputBytesMax)));
    sink.end();
    const answer = output.answer();
    expect(Buffer.byteLength(answer.output)).toBeLessThanOrEqual(outputBytesMax);
    expect(answer.output).toMatch(/é\n\[The answer is cut here/);
    expect(answer.outputTruncated).toBe(true);
  });

  test("stops the stream at its limit, with one note, and reports a runaway", () => {
    const { output, streamed, runaways } = collect(100);
    const sink = output.open("answer");
    for (let index = 0; index < 200; index += 1) sink.write(Buffer.from("0123456789"));
    sink.end();
    expect(streamed().split("output limit")).toHaveLength(2);
    expect(Buffer.byteLength(streamed())).toBeLessThan(200);
    expect(runaways()).toBeGreaterThan(0);
  });

  const cut = "what follows is not shown";

  test("says that output is cut where it is short without its secrets", () => {
    const { output, streamed } = collect(100);
    const sink = output.open("answer");
    for (let index = 0; index < 20; index += 1) sink.write(Buffer.from("hunter2hunter2"));
    sink.end();
    expect(streamed()).toMatch(/^\[redacted:KEY\]\n\[The output limit[^[]+$/);
    expect(output.answer()).toEqual({ output: streamed(), outputTruncated: true });
  });

  test("says in the answer that it is missing after a long part that is none of it", () => {
    const { output, streamed } = collect(100);
    const setup = output.open("progress");
    setup.write(Buffer.from("0123456789".repeat(20)));
    setup.end();
    const sink = output.open("answer");
    for (const piece of ["the", "answer"]) sink.write(Buffer.from(piece));
    sink.end();
    expect(streamed().split(cut)).toHaveLength(2);
    expect(output.answer().output.split(cut)).toHaveLength(2);
  });
});

describe("cutBytes()", () => {
  test("ends between characters", () => {
    expect(cutBytes("aé😀", 2)).toBe("a");
    expect(cutBytes("aé😀", 6)).toBe("aé");
    expect(cutBytes("aé😀", 7)).toBe("aé😀");
    expect(cutBytes("a", -1)).toBe("");
  });
});
