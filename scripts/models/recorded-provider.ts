/** Stands between the gateway and a provider, and keeps what the provider says of its tokens. */
import { request as askPlain, createServer } from "node:http";
import { request as askTls } from "node:https";

/** Tokens of one call. `input` has no cached ones; `output` includes thoughts. */
export interface Reported {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
}

export interface RecordedProvider {
  readonly url: string;
  /** One for each call that was answered, in their order. */
  reported(): Reported[];
  close(): Promise<void>;
}

/** @param target The provider's own address. */
export async function recordProvider(target: string): Promise<RecordedProvider> {
  const answers: string[] = [];
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", target);
    const { host: _host, ...headers } = incoming.headers;
    const ask = url.protocol === "https:" ? askTls : askPlain;
    const outgoing = ask(url, { method: incoming.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () => {
        const text = Buffer.concat(pieces).toString("utf8");
        if (answer.statusCode === 200 && !url.pathname.includes("ount")) answers.push(text);
      });
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    reported: () => answers.map(reportedIn),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The last value of each field counts, since providers repeat and correct them. */
export function reportedIn(answer: string): Reported {
  const last = (name: string) => {
    const found = [...answer.matchAll(new RegExp(`"${name}"\\s*:\\s*(\\d+)`, "g"))];
    return Number(found.at(-1)?.[1] ?? 0);
  };
  if (answer.includes('"usageMetadata"')) {
    const cacheRead = last("cachedContentTokenCount");
    const output = last("candidatesTokenCount") + last("thoughtsTokenCount");
    return { input: last("promptTokenCount") - cacheRead, cacheRead, cacheWrite: 0, output };
  }
  if (answer.includes('"cache_read_input_tokens"')) {
    return {
      input: last("input_tokens"),
      cacheRead: last("cache_read_input_tokens"),
      cacheWrite: last("cache_creation_input_tokens"),
      output: last("output_tokens"),
    };
  }
  const cacheRead = last("cached_tokens");
  const input = last("input_tokens") || last("prompt_tokens");
  const output = last("output_tokens") || last("completion_tokens");
  return { input: input - cacheRead, cacheRead, cacheWrite: 0, output };
}
