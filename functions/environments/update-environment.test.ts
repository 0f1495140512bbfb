import { describe, expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import type { ChangeRoute } from "#shared/pipeline/route";
import { now } from "../../test/kit/sample-account.ts";
import { replaceEnvironment, updateEnvironment } from "./update-environment.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");
const program = { type: "stdio", name: "m", command: "node" };

describe("SEC-7 a wider network", () => {
  const widen = (made: object, scopes: readonly string[], route: ChangeRoute) => {
    const body = EnvironmentCreate.parse({ name: "a", ...made });
    const value = newEnvironment(body, { id: "env_a", publicKey: "k", now });
    const around = { busy: new Set(), builds: new Map() };
    const data = { ref: { path: "environments/env_a" }, value, version: null, around };
    const network = { mode: "internet", allow: [] };
    const changed = EnvironmentCreate.parse({ name: "a", network });
    const { decide } = route;
    const context = { caller: { owner, key: { scopes } }, body: changed, data, now };
    return () => decide(context as never);
  };
  const routes = [
    ["PATCH", updateEnvironment as ChangeRoute],
    ["PUT", replaceEnvironment as ChangeRoute],
  ] as const;

  test.each(routes)("needs secrets:write by its name where there are secrets: %s", (_, route) => {
    const secretly = [
      { secrets: [{ key: "TOKEN", value: "a secret" }] },
      { mcpServers: [{ type: "http", name: "m", url: "https://mcp.example/", bearerToken: "t" }] },
      { mcpServers: [{ ...program, env: { TOKEN: "a secret" } }] },
    ];
    for (const made of secretly) {
      expect(widen(made, ["environments:write"], route)).toThrow(/secrets:write/);
      expect(widen(made, ["environments:write", "secrets:write"], route)).not.toThrow();
    }
    for (const made of [{}, { mcpServers: [program] }]) {
      expect(widen(made, ["environments:write"], route)).not.toThrow();
    }
  });
});
