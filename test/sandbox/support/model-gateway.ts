/** Stands in for the model gateway: takes its paths, and passes all on to the local providers. */
import { createServer, request } from "node:http";
import {
  type LocalProviders,
  type Script,
  startProviders,
} from "../../../local/providers/server.ts";

export interface ModelGateway {
  readonly url: string;
  readonly providers: LocalProviders;
  close(): Promise<void>;
}

/** @param token What the runner must show in place of a provider's key. */
export async function startModelGateway(script: Script, token: string): Promise<ModelGateway> {
  const providers = await startProviders({ script, keys: [token] });
  const server = createServer((incoming, response) => {
    // What comes before the provider's own path names the provider.
    const path = (incoming.url ?? "/").replace(/^\/internal\/models\/[^/]+/, "");
    const {
      method,
      headers: { host: _host, ...headers },
    } = incoming;
    const passed = request(providers.url + path, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    providers,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await providers.close();
    },
  };
}
