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

describe("an MCP server that could only fail is refused, and the field is named:", () => {
  const variables = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, "v"]));
  const program = { type: "stdio", name: "m", command: "node" };

  test.each([
    ["no address", "url", { type: "http", name: "m" }],
    ["an empty address", "url", { type: "http", name: "m", url: "" }],
    ["no address but a program", "url", { ...program, type: "http" }],
    ["no program", "command", { type: "stdio", name: "m" }],
    ["an empty program", "command", { type: "stdio", name: "m", command: "" }],
    ["too many variables", "env", { ...program, env: variables(201) }],
  ])("%s", (_what, field, odd) => {
    for (const schema of [EnvironmentCreate, MessageCreate]) {
      const { error } = schema.safeParse({ name: "a", content: "a", mcpServers: [odd] });
      expect(error?.issues).toMatchObject([{ path: ["mcpServers", 0, field] }]);
    }
  });

  test("others aren't", () => {
    const good = [
      { ...program, url: "" },
      { ...program, name: "n", env: variables(200) },
      { type: "http", name: "far", url: "https://mcp.example/" },
    ];
    expect(EnvironmentCreate.safeParse({ name: "a", mcpServers: good }).success).toBe(true);
  });
});
