/** Real servers on this machine that take mail and webhooks, and what they have taken. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly mail: ParsedMail;
}

/** @param login What it asks for; nothing by default. */
export async function startMailServer(login?: {
  readonly user: string;
  readonly password: string;
}) {
  const taken: TakenMail[] = [];
  const server = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disabledCommands: login === undefined ? ["STARTTLS", "AUTH"] : ["STARTTLS"],
    onAuth({ username, password }, _session, done) {
      const isIt = username === login?.user && password === login?.password;
      if (isIt) done(null, { user: username });
      else done(new Error("Invalid username or password"));
    },
    logger: false,
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? "" : mailFrom.address;
      const to = rcptTo.map(({ address }) => address);
      simpleParser(stream).then((mail) => {
        taken.push({ from, to, mail });
        done();
      }, done);
    },
  });
  const listening = server.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as AddressInfo;
  const close = async () => await new Promise<void>((resolve) => server.close(() => resolve()));
  return { address: `127.0.0.1:${port}`, taken, close };
}

/** A mail server that takes the connection and then says nothing. */
export async function startSilentServer() {
  const server = createTcpServer((socket) => socket.on("error", () => undefined));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, close: () => server.close() };
}

export interface TakenWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Takes webhooks, and answers with `status`, which a test may change. */
export async function startWebhookServer() {
  const taken: TakenWebhook[] = [];
  const answers = { status: 204 };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    taken.push({ headers: request.headers, body });
    response.writeHead(answers.status).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${port}/hook`, taken, answers, close };
}
