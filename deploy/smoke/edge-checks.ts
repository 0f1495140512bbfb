/** What anybody on the internet sees of the deployment. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { securityHeaders } from "#shared/pipeline/headers";
import { NotTried, type Reply, type SmokeContext } from "./context.ts";

const forgedTries = 5;
/** A key that was never issued is refused without a read; retries allow for a cold start. */
const forgedMsMax = 1_000;
const plainTimeoutMs = 5_000;
const oversizedHeaderBytes = 100_000;

export async function health(context: SmokeContext): Promise<string> {
  const { status, text, ms } = await context.ask("/v1/health");
  if (status !== 200) throw new Error(`/v1/health answered ${status}: ${text.slice(0, 200)}`);
  if (JSON.parse(text).status !== "healthy") throw new Error(`it says ${text.slice(0, 200)}`);
  return `healthy, ${ms} ms`;
}

export async function version(context: SmokeContext): Promise<string> {
  const { status, text } = await context.ask("/v1/version");
  if (status !== 200) throw new Error(`/v1/version answered ${status}`);
  const { build_version, git_commit } = JSON.parse(text);
  return `version ${build_version}, commit ${git_commit}`;
}

/** RFC 9116: whom to tell of a weakness. */
export async function securityTxt(context: SmokeContext): Promise<string> {
  const path = "/.well-known/security.txt";
  const { status, text, headers: sent } = await context.ask(path);
  if (status !== 200) throw new Error(`${path} answered ${status}`);
  if (!String(sent["content-type"]).startsWith("text/plain")) throw new Error(`${path} isn't text`);
  const contacts = [...text.matchAll(/^Contact: (\S+)\r?$/gm)].map(([, contact]) => contact);
  if (contacts.length === 0) throw new Error(`${path} names no contact`);
  return `reports go to ${contacts.join(", ")}`;
}

export async function headers(context: SmokeContext): Promise<string> {
  const paths = { "/v1/health": 200, "/v1/budget": 401, "/no/such/path": 404 };
  for (const [path, wanted] of Object.entries(paths)) {
    const reply = await context.ask(path);
    if (reply.status !== wanted) throw new Error(`${path}: ${reply.status} instead of ${wanted}`);
    const missing = missingHeaders(reply);
    if (missing.length > 0) throw new Error(`${path} (${wanted}) lacks ${missing.join(", ")}`);
    if (reply.headers["access-control-allow-origin"] !== undefined) {
      throw new Error(`${path} (${wanted}) lets other sites' pages read it`);
    }
  }
  return `${Object.keys(securityHeaders).length} headers on 200, 401 and 404; no CORS`;
}

function missingHeaders({ headers: sent }: Reply): string[] {
  return Object.entries(securityHeaders).flatMap(([name, value]) =>
    sent[name] === value ? [] : [name],
  );
}

/** The load balancer refuses this before it reaches a function. */
export async function ownAnswers(context: SmokeContext): Promise<string> {
  const { status, headers: sent } = await context.ask("/v1/health", {
    "x-padding": "x".repeat(oversizedHeaderBytes),
  });
  if (status < 400 || status >= 500) throw new Error(`100 kB of headers were answered ${status}`);
  const has = sent["strict-transport-security"] === undefined ? "without" : "with";
  return `an oversized request is answered ${status}, ${has} Strict-Transport-Security`;
}

export async function forgedKey(context: SmokeContext): Promise<string> {
  const timesMs: number[] = [];
  for (let attempt = 0; attempt < forgedTries; attempt += 1) {
    const key = `tb_prod_${randomBytes(32).toString("hex")}`;
    const { status, ms } = await context.ask("/v1/budget", { authorization: `Bearer ${key}` });
    if (status !== 401) throw new Error(`a key that nobody issued was answered ${status}`);
    timesMs.push(ms);
  }
  const fastest = Math.min(...timesMs);
  if (fastest > forgedMsMax) throw new Error(`refused, but only after ${fastest} ms`);
  return `refused in ${fastest} ms`;
}

/** @param port 80, except in tests. */
export async function noPlainHttp(context: SmokeContext, port = 80): Promise<string> {
  if (!context.isTls)
    throw new NotTried("not applicable: this deployment is on loopback, without TLS");
  if (context.isTrial) {
    throw new NotTried("not applicable: Cloud Run's own address listens there, and sends to https");
  }
  const listens = await new Promise<boolean>((resolve, reject) => {
    const socket = connect({ host: context.url.hostname, port, timeout: plainTimeoutMs });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", ({ message }: Error) => {
      if (/ECONNREFUSED|EHOSTUNREACH|ETIMEDOUT/.test(message)) end(false);
      else reject(new Error(message));
    });
  });
  if (listens) throw new Error(`port ${port} is open: a key could travel in clear`);
  return `port ${port} is closed`;
}
