import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  depsWith,
  type LineServer,
  result,
  rudeServer,
  serverOf,
} from "../../../../test/kit/mcp-servers.ts";
import type { ToolContext } from "../tools/tool.ts";
import { startMcpServers } from "./mcp-servers.ts";
import { MessageRoom } from "./message-room.ts";

const mib = 1024 * 1024;

test("MOD-5 servers never hold more than their room, and each has its part of half of it", () => {
  const acts = fc.array(fc.tuple(fc.nat(9), fc.integer({ min: -40, max: 40 })), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 40 }),
      acts,
      (...all) => {
        const [servers, ownMax, steps] = all;
        const room = new MessageRoom(servers, 100);
        const sure = Math.min(ownMax, Math.floor(50 / servers));
        const held = Array.from({ length: servers }, () => ({
          hold: room.share(ownMax),
          bytes: 0,
        }));
        for (const [which, change] of steps) {
          const one = held[which % servers];
          if (one === undefined) continue;
          const bytes = Math.max(change, -one.bytes);
          const fits = one.hold(bytes);
          if (one.bytes + bytes <= sure) expect(fits).toBe(true);
          if (fits) one.bytes += bytes;
          expect(one.bytes).toBeLessThanOrEqual(ownMax);
          expect(held.reduce((sum, each) => sum + each.bytes, 0)).toBeLessThanOrEqual(100);
        }
        // What was given back can be had again.
        for (const one of held) one.hold(-one.bytes);
        expect(held[0]?.hold(Math.min(ownMax, 50))).toBe(true);
      },
    ),
  );
});

test.each([
  [2, 16],
  [4, 8],
])("each of %i servers may have %i MiB at once", (servers, own) => {
  const room = new MessageRoom(servers);
  const shares = Array.from({ length: servers }, () => room.share(own * mib));
  expect(shares.map((hold) => hold(own * mib))).toEqual(shares.map(() => true));
  expect(shares.map((hold) => hold(1))).toEqual(shares.map(() => false));
});

const tool = { name: "t", inputSchema: { type: "object" } };
const long = (id: unknown) =>
  result(id, { content: [{ type: "text", text: "x".repeat(7 * mib) }] });
/** Its call's answer never ends. */
const unending = () => "x".repeat(8 * mib - 1);

test("MOD-5 one of twenty servers may send a long line while others leave room", async () => {
  const answers = [unending, unending, ...Array.from({ length: 17 }, () => plain), long];
  const names = answers.map((_, index) => `s${index}`);
  const programs = Object.fromEntries(
    answers.map((answer, index): [string, LineServer] => [`s${index}`, rudeServer([tool], answer)]),
  );
  const servers = names.map((name) => serverOf({ name }));
  const times = { startMs: 20_000, probeMs: 500, callMs: 2_000 };
  const started = await startMcpServers(servers, depsWith(programs), { roomTokens: 10_000, times });
  onTestFinished(() => started.close());
  const context = { remainingMs: () => 60_000, canSee: true } as ToolContext;
  const call = async (index: number) => {
    const found = started.tools.find(({ spec }) => spec.name === `mcp__s${index}__t`);
    return await found?.run({}, context).then(
      () => "answered",
      () => "failed",
    );
  };
  expect(await call(19)).toBe("answered");
  // Two lines that never end take most of what isn't divided, and small answers still come.
  expect(await Promise.all([call(0), call(1)])).toEqual(["failed", "failed"]);
  expect(await call(19)).toBe("failed");
  expect(await call(5)).toBe("answered");

  function plain(id: unknown): string {
    return result(id, { content: [{ type: "text", text: "done" }] });
  }
});
