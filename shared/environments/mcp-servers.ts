/** The MCP servers that an execution gets: its environment's and its message's. */
import * as z from "zod";
import { keepsTokenSecret, StoredMcpServer } from "../contract/environment.ts";
import type { McpServer } from "../protocol/mcp-server.ts";
import type { OpenedSecrets } from "./open-secrets.ts";

/** As they are stored in clear: without tokens, and with empty variables. */
const Stored = z.array(StoredMcpServer);

const Kept = z.array(
  z.looseObject({
    hasBearerToken: z.boolean().default(false),
    env: z.record(z.string(), z.unknown()).default({}),
  }),
);

/** Whether servers, as they are stored in clear, have a token or variables that are sealed. */
export function haveSecrets(clear: string): boolean {
  const servers = Kept.parse(JSON.parse(clear));
  return servers.some(({ hasBearerToken, env }) => hasBearerToken || Object.keys(env).length > 0);
}

/** The same servers without tokens and variables, for an environment that has none of them. */
export function withoutServerSecrets(clear: string): string {
  const servers = Kept.parse(JSON.parse(clear));
  return JSON.stringify(servers.map((one) => ({ ...one, hasBearerToken: false, env: {} })));
}

interface Stated {
  /** JSON of the environment's list, as it is stored in clear; null if the environment is gone. */
  readonly clear: string | null;
  readonly sealed: OpenedSecrets["sealedServers"];
}

/** Pure. A message's server replaces the environment's of the same name. */
export function serversOf({ clear, sealed }: Stated): McpServer[] {
  const byName = new Map<string, McpServer>();
  for (const text of [sealed.ofEnvironment ?? clear, sealed.ofMessage]) {
    for (const server of text === null ? [] : Stored.parse(JSON.parse(text))) {
      byName.delete(server.name);
      if (server.enabled) byName.set(server.name, asRunnerReads(server));
    }
  }
  return [...byName.values()];
}

/** A token that an earlier release took for an address without TLS stays here. */
function asRunnerReads(server: z.infer<typeof StoredMcpServer>) {
  const { name, type, command, args, env, url } = server;
  const bearerToken = keepsTokenSecret(server) ? server.bearerToken : null;
  return {
    ...{ name, type, args: args ?? [], env: env ?? {} },
    ...{ command: command ?? null, url: url ?? null, bearerToken: bearerToken ?? null },
  };
}
