/** Clients that don't take the answers of their calls. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { DeploymentModels } from "#shared/core/models/deployment-models";
import { pollUntil } from "../../local/lib/poll-until.ts";
import { type Harness, startHarness } from "../../test/kit/model-harness.ts";

const mib = 2 ** 20;
const answerBytes = 15 * mib;
const usage = { input_tokens: 10, output_tokens: 5 };

let harness: Harness | undefined;
let provider: Server | undefined;
const idle: Socket[] = [];
afterEach(async () => {
  for (const socket of idle.splice(0)) socket.destroy();
  await harness?.stop();
  provider?.closeAllConnections();
  provider?.close();
});

/** A gateway before a provider whose answers are as large as answers may be. */
async function began(limits: object = {}): Promise<Harness> {
  const text = "x".repeat(answerBytes);
  const body = JSON.stringify({ type: "message", content: [{ type: "text", text }], usage });
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.setHeader("content-type", "application/json").end(body));
  });
  provider = server;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const deployment = DeploymentModels.parse({ providers: { anthropic: { baseUrl } } });
  harness = await startHarness({ balanceMicrousd: 1_000_000_000, deployment, limits });
  return harness;
}

const asked = JSON.stringify({
  model: "claude-haiku-4-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hello" }],
});

/** Makes a call and reads nothing of its answer but what shows that it has begun. */
async function callWithoutReading({ urls: [url = ""] }: Harness): Promise<Socket> {
  const { port, host } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  idle.push(socket);
  socket.on("error", () => undefined);
  const head = `POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\n`;
  socket.write(`${head}content-length: ${asked.length}\r\n\r\n${asked}`);
  await once(socket, "readable");
  return socket;
}

async function call({ urls: [url = ""] }: Harness): Promise<Response> {
  return await fetch(`${url}/v1/messages`, { method: "POST", body: asked });
}

describe("TEN-2 an answer counts until its reader has taken it", () => {
  test("answers that nobody reads leave no room for another of their owner", async () => {
    const gateway = await began();
    for (let count = 0; count < 3; count += 1) await callWithoutReading(gateway);
    const refused = await call(gateway);
    expect(refused.status).toBe(502);
    expect(await refused.text()).toContain("too many large answers came at once");
    for (const socket of idle.splice(0)) socket.destroy();
    const isTaken = await pollUntil(async () => (await call(gateway)).status === 200, 20_000);
    expect(isTaken).toBe(true);
  });

  test("a call has its place until its answer was taken", async () => {
    const gateway = await began({ openCallsMax: 1 });
    const socket = await callWithoutReading(gateway);
    expect((await call(gateway)).status).toBe(500);
    socket.destroy();
    const isTaken = await pollUntil(async () => (await call(gateway)).status === 200, 20_000);
    expect(isTaken).toBe(true);
  });
});
