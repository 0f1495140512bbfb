import { expect, test } from "vitest";
import type { TurnItem } from "../../../../local/providers/turn.ts";
import { runLoop } from "../../../../test/kit/agent-loop.ts";
import { type WireName, wires } from "../wires/wires.ts";

const png = Buffer.from("\u0089PNG\r\n\u001a\nand its pixels", "latin1");
const look: TurnItem = { kind: "tool-call", name: "view", input: { path: "a.png" } };
const script = [{ items: [look, look] }, { items: [{ kind: "text", text: "A cat." } as const] }];

test.each(Object.keys(wires))("a model that can see is shown an image: %s", async (name) => {
  const wire = name as WireName;
  const run = await runLoop({ wire, files: { "a.png": png }, script });
  expect(run.end).toEqual({ exitCode: 0 });
  expect(JSON.stringify(run.requests[1])).toContain(png.toString("base64"));
  const blind = await runLoop({ wire, files: { "a.png": png }, script, entry: { vision: false } });
  expect(blind.end).toEqual({ exitCode: 0 });
  expect(JSON.stringify(blind.requests[1])).not.toContain(png.toString("base64"));
  expect(JSON.stringify(blind.requests[1])).toContain("can't see images");
});
