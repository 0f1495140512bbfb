/**
 * Stands where a network would have its proxy, and says at once that there is none. Programs that
 * only find nobody there try again for minutes, and blame the network. It decides nothing: without
 * it there is no way out either.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { answerText, EgressRefusal } from "../egress/refusal.ts";
import { type RefusedAttempt, refusedHostLengthMax } from "./messages.ts";

const headBytesMax = 32 * 1024;
/** For the request to come, and for the answer to be read. */
const lingerMs = 2_000;
const httpPort = 80;

/** Resolves when it listens. */
export async function refuseAll(
  port: number,
  onRefused: (attempt: RefusedAttempt) => void,
): Promise<Server> {
  const server = createServer((client) => {
    void refuse(client).then((attempt) => attempt && onRefused(attempt));
  });
  await once(server.listen(port, "0.0.0.0"), "listening");
  return server;
}

/** @returns What was asked for; null when nothing was. */
async function refuse(client: Socket): Promise<RefusedAttempt | null> {
  client.on("error", () => client.destroy());
  const timer = setTimeout(() => client.destroy(), lingerMs);
  client.once("close", () => clearTimeout(timer));
  const attempt = readAttempt(await readHead(client));
  if (attempt !== null) client.end(answerText(new EgressRefusal("no_network"), attempt));
  else client.end();
  // A reset would take the answer with it: what still comes is thrown away.
  client.resume();
  return attempt;
}

/** Up to the empty line, or what there is of it when the client ends or has said too much. */
function readHead(client: Socket): Promise<string> {
  return new Promise((resolve) => {
    let head = "";
    client.on("data", (chunk: Buffer) => {
      head = (head + chunk.toString("latin1")).slice(0, headBytesMax);
      if (head.includes("\r\n\r\n") || head.length === headBytesMax) resolve(head);
    });
    for (const event of ["end", "close"]) client.once(event, () => resolve(head));
  });
}

const firstLine = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?\n/;
const authority = /^(?:http:\/\/)?(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^:/?#]+)(?::(\d{1,5}))?/i;

/** Only for the record and the answer, so roughly is enough. */
export function readAttempt(head: string): RefusedAttempt | null {
  const [, method, target = ""] = firstLine.exec(head) ?? [];
  if (method === undefined) return null;
  const [, host = "", port] = authority.exec(target) ?? [];
  const number = port === undefined ? httpPort : Number(port);
  return {
    method: method === "CONNECT" ? "connect" : "http",
    host: host.slice(0, refusedHostLengthMax),
    port: number <= 65_535 ? number : 0,
  };
}
