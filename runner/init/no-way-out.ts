/**
 * Listens where a network would have its proxy, and says at once that there is none. Programs that
 * find no listener retry for minutes and blame the network. It decides nothing: there is no way out
 * without it either.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { answerText, EgressRefusal } from "../egress/refusal.ts";
import { type RefusedAttempt, refusedHostLengthMax } from "./messages.ts";

const headBytesMax = 32 * 1024;
/** How long to wait for the request, and for the answer to be read. */
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

/** @returns What was asked for; null if nothing was. */
async function refuse(client: Socket): Promise<RefusedAttempt | null> {
  client.on("error", () => client.destroy());
  const timer = setTimeout(() => client.destroy(), lingerMs);
  client.once("close", () => clearTimeout(timer));
  const attempt = readAttempt(await readHead(client));
  if (attempt !== null) client.end(answerText(new EgressRefusal("no_network"), attempt));
  else client.end();
  // A reset would discard the answer, so further bytes are read and dropped.
  client.resume();
  return attempt;
}

/** Reads up to the empty line, or less if the client ends or sends too much. */
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

/** Rough parsing is enough, because this is only for the log and the answer. */
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
