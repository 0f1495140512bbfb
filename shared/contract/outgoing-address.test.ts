import { describe, expect, test } from "vitest";
import { environmentBody } from "../answers/environment-body.ts";
import { noSettings, notificationBody } from "../answers/notification-body.ts";
import { parseGitAddress } from "../core/git/git-names.ts";
import { DeploymentModels } from "../core/models/deployment-models.ts";
import { parseOutgoingAddress, withoutUser } from "../core/network/outgoing-address.ts";
import { newEnvironment } from "../environments/new-environment.ts";
import { EnvironmentCreate, McpServer } from "./environment.ts";

const open = { schemes: "https or http", query: "taken" } as const;

describe("an outgoing address", () => {
  test.each([
    ["https://u:pw@host/mcp", "password"],
    ["https://u@host/mcp", "password"],
    ["https://:pw@host/mcp", "password"],
    ["https://host/mcp#fragment", "fragment"],
    ["https://host/mcp#", "fragment"],
    ["https:\\\\u:pw@host/", "begins with"],
    ["https:/host/", "begins with"],
    ["https:///host/", "begins with"],
    ["ht\ntps://host/", "begins with"],
    [" https://host/", "begins with"],
    ["file:///etc/passwd", "begins with"],
    ["javascript:alert(1)", "begins with"],
    ["ws://host/", "begins with"],
    ["host/mcp", "begins with"],
    [`https://host/${"a".repeat(2_000)}`, "begins with"],
  ])("%j is refused", (text, word) => {
    expect(parseOutgoingAddress(text, open)).toContain(word);
  });

  test("is taken with its port and path, and with a query where its place takes one", () => {
    expect(parseOutgoingAddress("HTTPS://Host:8443/mcp?a=b", open)).toMatchObject({
      href: "https://host:8443/mcp?a=b",
    });
    const strict = { schemes: "https", query: "refused" } as const;
    expect(parseOutgoingAddress("https://host/mcp?a=b", strict)).toContain("query");
    expect(parseOutgoingAddress("http://host/", strict)).toContain("begins with https://");
    expect(parseOutgoingAddress("http://host/", open)).toBeInstanceOf(URL);
  });

  test.each([
    ["https://u:pw@host/mcp?a=b", "https://host/mcp?a=b"],
    ["HTTP://:pw@host:8080/", "http://host:8080/"],
    ["https:\\\\u:pw@host/", "https://host/"],
    ["u:pw@host/mcp", "host/mcp"],
    ["//u:p@w@host/", "host/"],
    ["https://host/@scope?at=@", "https://host/@scope?at=@"],
    ["https://Host", "https://Host"],
  ])("that an earlier release stored as %j is shown as %j", (stored, shown) => {
    expect(withoutUser(stored)).toBe(shown);
  });

  test("of an MCP server or a webhook that has a password is shown without it", () => {
    const url = "https://u:pw@example.com/a";
    const mcpServersJson = JSON.stringify([{ type: "http", name: "m", url }, { name: "n" }]);
    const around = {
      ownerId: "user_a",
      isBusy: false,
      build: { status: "pending", error: null, hash: null, imageTag: null, builtAt: null },
    } as const;
    const identity = { id: "env_a", publicKey: "", now: 0 };
    const environment = newEnvironment(EnvironmentCreate.parse({ name: "a" }), identity);
    const body = environmentBody({ ...environment, mcpServersJson }, around);
    expect(body.mcpServers).toEqual([
      { type: "http", name: "m", url: "https://example.com/a" },
      { name: "n" },
    ]);
    const settings = { ...noSettings, webhookUrl: url };
    expect(notificationBody(settings, 0).webhookUrl).toBe("https://example.com/a");
  });

  const secret = "https://u:pw@example.com/a";
  test("holds no password wherever one is named", () => {
    const server = { type: "http", name: "m", url: secret };
    const servers = McpServer.safeParse(server);
    expect(servers.error?.issues).toMatchObject([{ path: ["url"] }]);
    expect(McpServer.safeParse({ ...server, url: "https://example.com/a" }).success).toBe(true);
    expect(parseGitAddress(secret)).toMatch(/Bind a secret/);
    for (const url of [secret, "https://example.com/v1?key=k", "https://example.com/v1#a"]) {
      const providers = { openai: { baseUrl: url } };
      expect(DeploymentModels.safeParse({ providers }).success, url).toBe(false);
    }
  });
});
