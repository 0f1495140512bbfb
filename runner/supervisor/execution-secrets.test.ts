import { expect, test } from "vitest";
import { takeSecrets } from "./execution-secrets.ts";

test("what MCP servers are given counts as secret, wherever secrets are removed", async () => {
  const server = {
    ...{ name: "s", type: "http" as const, command: null, args: [], url: "https://mcp.example" },
    env: { TOKEN: "a variable of a server" },
    bearerToken: "a-token-of-a-server",
  };
  const { values } = await takeSecrets({
    secrets: [{ key: "A", value: "a secret of the sandbox" }],
    boundSecrets: [],
    environmentVariables: [{ key: "PLAIN", value: "no secret" }],
    mcpServers: [server],
  });
  expect(values.map(({ value }) => value)).toEqual([
    "a secret of the sandbox",
    "a variable of a server",
    "a-token-of-a-server",
  ]);
});
