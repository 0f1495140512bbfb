import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ApiClient } from "./api-client.ts";
import { resumedEvents } from "./event-stream.ts";

/** What the server does with each connection, in turn. */
let turns: ((response: ServerResponse) => void)[] = [];
let asked: (string | undefined)[] = [];

const server = createServer((request, response) => {
  asked.push(request.headers["last-event-id"]?.toString());
  const turn = turns.shift();
  if (turn) turn(response);
  else response.writeHead(204).end();
});
let client: ApiClient;

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const key = { apiKey: "tb_dev_a", source: "profile default", urlSource: "profile default" };
  client = new ApiClient({ ...key, apiUrl: `http://127.0.0.1:${port}` }, () => {});
});
afterAll(() => server.close());

const event = (number: number) => `id: run_a.${number}\ndata: {"type":"t","n":${number}}\n\n`;

async function readAll(): Promise<unknown[]> {
  const open = async (last: string | null) =>
    await client.send("/events", {
      headers: last === null ? {} : { "last-event-id": last },
      isStream: true,
    });
  const { signal } = new AbortController();
  const events: unknown[] = [];
  for await (const { data } of resumedEvents(open, signal, 1)) {
    events.push(data.n);
  }
  return events;
}

test("a stream that breaks goes on behind its last whole event", async () => {
  turns = [
    (response) => {
      const half = event(2).slice(0, 12);
      response.write(`${event(0)}: keep-alive\n\n${event(1)}${half}`, () => response.destroy());
    },
    (response) => response.writeHead(503, { "retry-after": "0" }).end("{}"),
    (response) => response.end(event(2)),
  ];
  asked = [];
  expect(await readAll()).toEqual([0, 1, 2]);
  expect(asked).toEqual([undefined, "run_a.1", "run_a.1", "run_a.2"]);
});

test("an event that arrives in very many pieces is read once, and one that is too large isn't", async () => {
  const words = "x".repeat(8 * 1024 * 1024);
  turns = [
    (response) => {
      const text = `id: run_a.0\r\ndata: {"type":"t","n":"${words}"}\r\n\r\n${event(1)}`;
      for (let from = 0; from < text.length; from += 1_024) {
        response.write(text.slice(from, from + 1_024));
      }
      response.end();
    },
  ];
  expect(await readAll()).toEqual([words, 1]);
  turns = [(response) => response.end(`data: ${words}${words}x`)];
  await expect(readAll()).rejects.toThrow("An event is too large.");
});

test("a refusal that trying again doesn't change ends it", async () => {
  const body = JSON.stringify({ message: "Revoked.", code: "UNAUTHORIZED", requestId: "req_a" });
  turns = [(response) => response.writeHead(401).end(body)];
  await expect(readAll()).rejects.toMatchObject({
    exitCode: 4,
    message: "Revoked. Store another one: `paddock login`. (request req_a)",
  });
});
