/**
 * User-chosen names with a meaning in JavaScript or Firestore, or in none: each comes back as it
 * was sent, or is refused in a sentence. Never a 500, and never lost.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud } from "../kit/cloud.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { sharedOut } from "../kit/shard.ts";
import { ask, expectRefusal } from "./support/refusals.ts";
import { bodyFor } from "./support/samples.ts";
import { keyRoutes, operatorRoutes, type TableRoute } from "./support/table.ts";

/** Those that are valid names of variables, too. */
const variables = [
  "__proto__",
  "toDate",
  "__x__",
  "constructor",
  "hasOwnProperty",
  "toJSON",
  "then",
  "valueOf",
];
const odd = ["", " ", ".", "..", "a.b", "`a`", "a/b", "__a.b__", "\u202e", "a\nb", "é".repeat(750)];

let owner: TestOwner;
let environmentId: string;
beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
});

const call = async (path: string, body?: unknown, method?: string) =>
  await send(path, { key: owner.key, ...(body ? { body } : {}), ...(method ? { method } : {}) });

/** Written as JSON text, because a literal would set the prototype for `__proto__`. */
const named = (names: readonly string[], value: unknown) =>
  Object.fromEntries(names.map((name) => [name, value]));

describe("SEC-8 a secret and a variable", () => {
  test("may have any name that a program can read it by, and come to it so", async () => {
    const path = `/v1/environments/${environmentId}/secrets`;
    for (const [index, key] of variables.entries()) {
      const value = `value of ${key}`;
      const isMade = index % 2 === 0;
      const stored = isMade
        ? await call(path, { key, value })
        : await call(`${path}/${key}`, { value }, "PUT");
      expect(stored.status, key).toBe(isMade ? 201 : 200);
    }
    const { data } = (await call(path)).json;
    expect(data.map(({ key }: { key: string }) => key)).toEqual([...variables].sort());
    const threadId = await newThread(owner.key, { environmentId });
    const secretsOf = 'for name in "$@"; do printenv "$name" | wc -c; done';
    const script = `set -- ${variables.join(" ")} M_constructor\n${secretsOf}`;
    const envVars = { M_constructor: "12345" };
    const { content, answer } = await runScript(owner.key, threadId, script, { body: { envVars } });
    const lengths = variables.map((name) => `value of ${name}\n`.length);
    expect(content, answer.text).toBe(`${[...lengths, 6].join("\n")}\n`);
    expect((await call(`${path}/__proto__`, undefined, "DELETE")).status).toBe(200);
    expectRefusal(await call(`${path}/__proto__`, undefined, "DELETE"), 404, "NOT_FOUND");
    expect((await call(path)).json.total_count).toBe(variables.length - 1);
  });
});

describe("SEC-8 a field that is named by its user", () => {
  test("comes back with every name but the one that objects drop, which is refused", async () => {
    const names = [...variables, ...odd].filter((name) => name !== "__proto__");
    const metadata = named(names, { deep: named(names, "kept") });
    const { agent } = (await call("/v1/agents", { name: "a", model: "shell", metadata })).json;
    expect((await call(`/v1/agents/${agent.id}`)).json.agent.metadata).toEqual(metadata);
    const flat = named(names, "kept");
    const thread = (await call("/v1/threads", { environmentId, metadata: flat })).json;
    expect(thread.thread.metadata).toEqual(flat);
    const proto = { name: "a", model: "shell", metadata: named(["__proto__"], "p") };
    const refused = await call("/v1/agents", proto);
    expectRefusal(refused, 400, "VALIDATION_FAILED");
    expect(refused.json.details[0].field).toBe("metadata.__proto__");
  });

  test("of which a list takes few is refused for any other", async () => {
    for (const runtimes of [
      ["__proto__"],
      ["constructor"],
      named(["__proto__"], "1"),
      { java: 1 },
    ]) {
      const refused = await call("/v1/environments", { name: "a", runtimes });
      expectRefusal(refused, 400, "VALIDATION_FAILED");
    }
    const servers = [{ type: "stdio", name: "a", env: { "a=b": "x" } }];
    const refused = await call("/v1/environments", { name: "a", mcpServers: servers });
    expectRefusal(refused, 400, "VALIDATION_FAILED");
  });
});

/** The same code reads all bodies, so a run tries a part of the routes. */
const jsonRoutes = sharedOut(
  [...keyRoutes, ...operatorRoutes].filter(({ route }) => typeof route.body !== "string"),
  3,
);
const credential = ({ route }: TableRoute) =>
  route.authenticate === "api-key" ? owner.key : cloud().operatorToken;
const headers = { "content-type": "application/json" };

describe("SEC-8 every route that takes JSON", () => {
  test.each(jsonRoutes)("$title refuses what no later stage can use", async (route) => {
    const half = JSON.stringify(bodyFor(route) ?? {}).replace(/}$/, ',"x":{"y":"\\ud83d"}}');
    const by = { key: credential(route), headers, body: undefined };
    const raw = half.replace("{,", "{");
    const [refused, proto, nul] = await Promise.all([
      ask(route, { ...by, raw }),
      ask(route, { ...by, raw: raw.replace('"\\ud83d"', '{"__proto__":1}') }),
      ask(route, { ...by, raw: raw.replace("\\ud83d", "sk-live\\u0000") }),
    ]);
    expectRefusal(refused, 400, "MALFORMED_JSON");
    expect(refused.json.details[0].field).toBe("x.y");
    expectRefusal(proto, 400, "VALIDATION_FAILED");
    expectRefusal(nul, 400, "VALIDATION_FAILED");
    expect(nul.text).not.toContain("sk-live");
  });

  test.each(jsonRoutes)(
    "$title takes odd names in its fields, or says what is wrong",
    async (route) => {
      const body = Object(bodyFor(route));
      const known = Object.keys(Object(route.route.body).shape ?? body);
      const fields = known.length === 0 ? ["name"] : known;
      const names = [...variables, ...odd];
      const tried = fields.map(async (field, index) => {
        const value = names[(index * 5 + route.title.length) % names.length];
        const answer = await ask(route, {
          key: credential(route),
          body: { ...body, [field]: value },
        });
        expect(answer.status, `${field}: ${JSON.stringify(value)}: ${answer.text}`).toBeLessThan(
          500,
        );
        if (answer.status >= 400) expect(answer.json.message).toMatch(/\.$/);
      });
      await Promise.all(tried);
    },
  );
});

describe("SEC-8 text in a URL", () => {
  test.each([
    ["/v1/agents?limit=1&limit=2", 400, "VALIDATION_FAILED"],
    ["/v1/agents?limit=%ED%A0%BD", 400, "MALFORMED_URL"],
    ["/v1/agents?x=%00", 400, "VALIDATION_FAILED"],
    ["/v1/agents/%ED%A0%BD", 400, "MALFORMED_URL"],
  ])("%s is %i", async (path, status, code) => {
    expectRefusal(await send(path, { key: owner.key }), status, code);
  });
});
