// @module-tag slow
import { expect, test } from "vitest";
import type { TurnItem } from "../../../local/providers/turn.ts";
import { runLoop } from "../../../test/kit/agent-loop.ts";

const photo = Buffer.concat([
  Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"),
  Buffer.alloc(3_700_000),
]);
const look = (count: number) => ({
  items: Array.from({ length: count }, (_, index): TurnItem => {
    return { kind: "tool-call", name: "view", input: { path: `${index}.png` } };
  }),
});
const done = { items: [{ kind: "text", text: "Seen." } as const] };
const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${index}.png`, photo]));
/** What the gateway takes. */
const requestLengthMax = 16 * 1024 * 1024;
const imagesIn = (request: unknown) =>
  JSON.stringify(request).split(photo.toString("base64")).length - 1;

test("MOD-5 of many large images of one answer as many are shown as a request can hold", async () => {
  const run = await runLoop({ files, script: [look(30), done] });
  expect(run.end).toEqual({ exitCode: 0 });
  expect(imagesIn(run.requests[1])).toBe(2);
  expect(JSON.stringify(run.requests[1]).length).toBeLessThan(requestLengthMax);
  expect(JSON.stringify(run.requests[1]).split("The image isn't shown").length).toBe(29);
});

test("MOD-5 images of earlier answers give way to newer ones", async () => {
  const script = [look(1), look(1), look(1), look(2), done];
  const run = await runLoop({ files, script });
  expect(run.end).toEqual({ exitCode: 0 });
  expect(run.requests.map(imagesIn)).toEqual([0, 1, 2, 1, 2]);
  expect(JSON.stringify(run.requests[4])).toContain("[an image, left out since");
});
