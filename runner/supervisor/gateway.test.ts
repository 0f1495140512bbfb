import type { RequestListener } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { useLoopbackServers } from "../../test/kit/loopback-servers.ts";
import { Gateway, GatewayError } from "./gateway.ts";

const { listen } = useLoopbackServers();

async function gatewayWith(handle: RequestListener): Promise<Gateway> {
  return new Gateway(`http://127.0.0.1:${await listen(handle)}/`, "token");
}

const reply = JSON.stringify({ acknowledgedSequence: 1, flushIntervalMs: 100 });

describe("a Gateway", () => {
  test("carries the token, and asks again when the answer is 'later'", async () => {
    const tokens: (string | undefined)[] = [];
    const gateway = await gatewayWith((request, response) => {
      tokens.push(request.headers.authorization);
      response.writeHead(tokens.length < 3 ? 503 : 200).end(reply);
    });
    expect(await gateway.events([], 0)).toMatchObject({ acknowledgedSequence: 1 });
    expect(tokens).toEqual(["Bearer token", "Bearer token", "Bearer token"]);
  });

  test.each([
    [409, true],
    [410, true],
    [404, true],
    [403, false],
    [400, false],
  ])("doesn't repeat a call after %i; stale: %s", async (status, isStale) => {
    let calls = 0;
    const gateway = await gatewayWith((_request, response) => {
      calls += 1;
      response.writeHead(status).end("{}");
    });
    const error = await gateway.events([], 0).catch((refused: unknown) => refused);
    expect(error instanceof GatewayError && error.isStale).toBe(isStale);
    expect(calls).toBe(1);
  });

  test("repeats what an execution can't begin without for longer than other calls", async () => {
    const noPause = vi.spyOn(Math, "random").mockReturnValue(0);
    let calls = 0;
    const gateway = await gatewayWith((request, response) => {
      calls += 1;
      // What is gone isn't repeated, and an object that is missing is none.
      const isObject = request.method === "GET";
      response.writeHead(calls > 20 ? (isObject ? 404 : 410) : 503).end("{}");
    });
    const claim = { ticket: "t", runner: { version: "1", sandboxMode: "userns" as const } };
    await expect(gateway.claim(claim, Date.now() + 60_000)).rejects.toThrow("410");
    expect(calls).toBe(21);
    for (const fetch of ["pack", "manifest"] as const) {
      calls = 0;
      await expect(gateway[fetch]("0".repeat(64))).resolves.toBeNull();
      expect(calls).toBe(21);
    }
    calls = 0;
    await expect(gateway.events([], 0)).rejects.toThrow("503");
    expect(calls).toBe(6);
    noPause.mockRestore();
  });

  test("survives a connection that breaks", async () => {
    let calls = 0;
    const gateway = await gatewayWith((request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else response.end(reply);
    });
    expect(await gateway.events([], 0)).toMatchObject({ flushIntervalMs: 100 });
  });

  test("refuses an object with the wrong digest", async () => {
    const gateway = await gatewayWith((_request, response) => response.end("other bytes"));
    await expect(gateway.pack("0".repeat(64))).resolves.toBeNull();
  });

  test("distinguishes a missing object from one that is unavailable", async () => {
    const missing = await gatewayWith((_request, response) => response.writeHead(404).end());
    await expect(missing.manifest("0".repeat(64))).resolves.toBeNull();
    const refused = await gatewayWith((_request, response) => response.writeHead(403).end());
    await expect(refused.manifest("0".repeat(64))).rejects.toThrow("403");
  });

  test("doesn't follow redirects", async () => {
    const lease = { version: "v2", expiresAt: 1, heartbeatIntervalMs: 1 };
    const gateway = await gatewayWith((request, response) => {
      if (request.url === "/elsewhere") response.end(JSON.stringify({ lease, stop: null }));
      else response.writeHead(307, { location: "/elsewhere" }).end();
    });
    await expect(
      gateway.heartbeat({ version: "v1", expiresAt: 0, heartbeatIntervalMs: 1, readerUntil: 0 }),
    ).rejects.toThrow();
  });

  test("sends text that can be stored, whatever a program made of it", async () => {
    const bodies: string[] = [];
    const gateway = await gatewayWith((request, response) => {
      let text = "";
      request.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      request.on("end", () => {
        bodies.push(text);
        response.writeHead(403).end();
      });
    });
    const odd = "half \ud800, half \udc00, whole \ud83d\ude00, escaped \\ud800";
    const mended = odd.toWellFormed();
    const item = {
      type: "tool_call",
      id: odd,
      name: odd,
      arguments: odd,
      status: "failed",
    } as const;
    const ended = { verdict: "failed", rule: odd, address: null } as const;
    const bytes = { sentBytes: 0, receivedBytes: 0, durationMs: 0 };
    const attempt = { sequence: 1, at: 1, host: odd, port: 1, method: "http", ...ended, ...bytes };
    const workspace = { state: "not_saved", why: odd } as const;
    const end = { outcome: "failed", reason: "runner_error", exitCode: null } as const;
    const told = { leaseVersion: "v1", detail: odd, output: odd, outputTruncated: false };
    const calls = [
      gateway.events([{ sequence: 1, at: 1, item }], 0),
      gateway.egress({ attempts: [attempt as never], firstSequence: 1, cut: 0, ends: [] }),
      gateway.settle({ ...told, ...end, workspace, eventsLastSequence: 0 }, Date.now() + 5_000),
    ];
    await Promise.allSettled(calls);
    const texts = bodies.map((body) => body.split(JSON.stringify(mended).slice(1, -1)).length - 1);
    expect(texts.toSorted((one, other) => one - other)).toEqual([2, 3, 3]);
    for (const body of bodies) expect(JSON.stringify(JSON.parse(body))).toBe(body);
    for (const body of bodies) expect(body).not.toMatch(/[^\\]\\ud[89a-f]/);
  });

  test("gives up in time", async () => {
    const gateway = await gatewayWith((_request, response) => response.writeHead(500).end("{}"));
    await expect(
      gateway.putPack("0".repeat(64), Buffer.from("x"), Date.now() + 200),
    ).rejects.toThrow();
  });
});
