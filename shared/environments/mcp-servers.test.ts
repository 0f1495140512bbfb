import { describe, expect, test } from "vitest";
import { EnvironmentCreate } from "../contract/environment.ts";
import { MessageCreate } from "../contract/message-create.ts";
import { serversOf } from "./mcp-servers.ts";

const bearerToken = "token-canary";
const server = (url: string, token?: string) => ({
  ...{ type: "http", name: "m", url },
  ...(token === undefined ? {} : { bearerToken: token }),
});

describe("SEC-2 the token of an MCP server crosses no network in clear:", () => {
  test.each([
    ["an environment", EnvironmentCreate],
    ["a message", MessageCreate],
  ])("%s names none beside an address without TLS", (_what, schema) => {
    const parse = (url: string, token?: string) =>
      schema.safeParse({ name: "a", content: "a", mcpServers: [server(url, token)] });
    for (const url of ["http://mcp.example/", "HTTP://mcp.example/"]) {
      const { error } = parse(url, bearerToken);
      expect(error?.issues).toMatchObject([{ path: ["mcpServers", 0, "url"] }]);
      expect(error?.issues[0]?.message).toContain("https");
    }
    expect(parse("https://mcp.example/", bearerToken).success).toBe(true);
    expect(parse("http://mcp.example/").success).toBe(true);
    expect(parse("http://mcp.example/", "").success).toBe(true);
  });

  test("one that was stored beside such an address is given to no runner", () => {
    const tokenFor = (url: string) => {
      const ofEnvironment = JSON.stringify([server(url, bearerToken)]);
      const sealed = { ofEnvironment, ofMessage: null };
      return serversOf({ clear: null, sealed })[0]?.bearerToken;
    };
    expect(tokenFor("http://mcp.example/")).toBeNull();
    expect(tokenFor("https://mcp.example/")).toBe(bearerToken);
  });
});
