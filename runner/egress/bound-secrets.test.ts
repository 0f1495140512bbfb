import { once } from "node:events";
import { request as ask, type IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BoundSecrets } from "./bound-secrets.ts";
import { ExecutionCa } from "./execution-ca.ts";

const name = "api.example.test";
const value = "sk-0123456789-the-real-value";
const secret = { key: "API_KEY", value, hosts: [name], headers: ["authorization", "x-api-key"] };
const hostsCa = new ExecutionCa([name, "other.test"], Date.now());
const bound = new BoundSecrets([secret], { now: Date.now(), roots: [hostsCa.certificatePem] });
const { API_KEY: placeholder = "" } = bound.placeholders;

interface Heard {
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
  readonly body: string;
}
const heard: Heard[] = [];
let certifiedFor = name;
let answerWith: "echo" | "gzip" | "unknown" | "switch" | "length" = "echo";
const host = createServer(
  { SNICallback: (_name, done) => done(null, hostsCa.contextFor(certifiedFor)) },
  async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    heard.push({ headers: request.headers, path: request.url ?? "", body });
    const echo = JSON.stringify(request.headers);
    if (answerWith === "switch") {
      request.socket.write("HTTP/1.1 101 Other\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
      return;
    }
    if (answerWith === "length") {
      const encoding = request.url === "/packed" ? { "content-encoding": "gzip" } : {};
      return void response.writeHead(200, { "content-length": "12345", ...encoding }).end();
    }
    if (answerWith === "gzip") response.writeHead(200, { "content-encoding": "gzip" });
    else if (answerWith === "unknown") response.writeHead(200, { "content-encoding": "secret" });
    else response.writeHead(200, { "x-echo": request.headers["x-api-key"] ?? "" });
    response.end(answerWith === "gzip" ? gzipSync(echo) : echo);
  },
);
/** The entry for clients, as behind the proxy's CONNECT. */
const front = createTcpServer({ pauseOnConnect: true }, async (client: Socket) => {
  const upstream = connect((host.address() as AddressInfo).port, "127.0.0.1").on(
    "error",
    () => undefined,
  );
  await once(upstream, "connect");
  await bound.serve({ name, port: 443, client, upstream, pass: () => true });
});

beforeAll(async () => {
  for (const server of [host, front]) await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  host.closeAllConnections();
  for (const server of [host, front]) server.close();
});

interface Sent {
  readonly headers?: Record<string, string>;
  readonly path?: string;
  readonly body?: string;
  readonly servername?: string;
  readonly method?: string;
}

async function send({ headers = {}, path = "/", body, servername = name, method }: Sent) {
  const socket = connectTls({
    port: (front.address() as AddressInfo).port,
    servername,
    ca: bound.certificatePem,
  }).on("error", () => undefined);
  await once(socket, "secureConnect");
  const outgoing = ask({
    createConnection: () => socket,
    path,
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { host: name, ...headers },
  });
  outgoing.end(body);
  const [answer]: IncomingMessage[] = await once(outgoing, "response");
  let text = "";
  for await (const piece of answer ?? []) text += piece;
  socket.destroy();
  return { status: answer?.statusCode, headers: answer?.headers ?? {}, text };
}

describe("SEC-5 a secret bound to a host", () => {
  test("is put into the headers it is bound to, and nowhere else", async () => {
    const basic = Buffer.from(`git:${placeholder}`).toString("base64");
    const headers = { "x-api-key": placeholder, authorization: `Basic ${basic}` };
    await send({
      headers: { ...headers, "x-other": placeholder },
      path: `/?q=${placeholder}`,
      body: placeholder,
    });
    const seen = heard.at(-1);
    expect(seen?.headers["x-api-key"]).toBe(value);
    expect(seen?.headers.authorization).toBe(
      `Basic ${Buffer.from(`git:${value}`).toString("base64")}`,
    );
    expect(seen?.headers["x-other"]).toBe(placeholder);
    expect(seen?.path).toBe(`/?q=${placeholder}`);
    expect(seen?.body).toBe(placeholder);
  });

  test.each([
    [
      "a password that isn't UTF-8",
      `Basic ${Buffer.from("git:p\xe4ss\xff", "latin1").toString("base64")}`,
    ],
    ["one in UTF-8", `Basic ${Buffer.from("git:pässwörd").toString("base64")}`],
    ["base64 that ends early", "basic  Z2l0OnB3"],
    ["bits that stand for nothing", "Basic Z2l0OnB3ZB=="],
    ["what isn't base64 at all", "Basic ===="],
  ])("leaves %s alone where it has nothing to replace", async (_what, authorization) => {
    await send({ headers: { authorization } });
    expect(heard.at(-1)?.headers.authorization).toBe(authorization);
  });

  test("leaves every byte beside the placeholder as it is", async () => {
    const packed = (password: string) =>
      Buffer.from(`g\xefit:\xff${password}\xfe`, "latin1").toString("base64");
    await send({ headers: { authorization: `BASIC ${packed(placeholder)}` } });
    expect(heard.at(-1)?.headers.authorization).toBe(`BASIC ${packed(value)}`);
  });

  test.each(["echo", "gzip"] as const)("is redacted from the answer: %s", async (how) => {
    answerWith = how;
    const answer = await send({ headers: { "x-api-key": placeholder } });
    expect(answer.status).toBe(200);
    expect(`${answer.text}${JSON.stringify(answer.headers)}`).not.toContain(value);
    expect(answer.text).toContain("[redacted:API_KEY]");
    if (how === "echo") expect(answer.headers["x-echo"]).toBe("[redacted:API_KEY]");
  });

  test("keeps back an answer that can't be looked into", async () => {
    answerWith = "unknown";
    const answer = await send({ headers: { "x-api-key": placeholder } });
    answerWith = "echo";
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain(value);
  });

  test("an answer to HEAD tells the length that it was asked for, unless it would be unpacked", async () => {
    answerWith = "length";
    const plain = await send({ method: "HEAD" });
    const packed = await send({ method: "HEAD", path: "/packed" });
    answerWith = "echo";
    expect([plain.status, plain.headers["content-length"]]).toEqual([200, "12345"]);
    expect([packed.status, packed.headers["content-length"]]).toEqual([200, undefined]);
  });

  test("a host that switches protocols is answered for", async () => {
    answerWith = "switch";
    const answer = await send({ headers: { "x-api-key": placeholder } });
    answerWith = "echo";
    expect(answer.status).toBe(502);
    expect(answer.text).toContain("switched protocols unasked");
  });

  test("goes to no other name: not by Host, not by SNI, not to another port or host", async () => {
    const before = heard.length;
    const refused = await send({ headers: { host: "other.test", "x-api-key": placeholder } });
    expect(refused.status).toBe(421);
    await expect(send({ servername: "other.test" })).rejects.toThrow();
    expect(heard).toHaveLength(before);
    expect(bound.wants(name, 443)).toBe(true);
    expect(bound.wants(name, 8443)).toBe(false);
    expect(bound.wants("other.test", 443)).toBe(false);
    expect(bound.wants(`x.${name}`, 443)).toBe(false);
  });

  test("isn't sent to a host that can't prove its name", async () => {
    certifiedFor = "other.test";
    const before = heard.length;
    const answer = await send({ headers: { "x-api-key": placeholder } });
    certifiedFor = name;
    expect(answer.status).toBe(502);
    expect(heard).toHaveLength(before);
  });

  test("has a placeholder that nobody can guess, and another in each execution", () => {
    const again = new BoundSecrets([secret], { now: Date.now() }).placeholders.API_KEY;
    expect(placeholder).toMatch(/^paddock-bound-[0-9a-f]{40}$/);
    expect(again).not.toBe(placeholder);
  });
});
