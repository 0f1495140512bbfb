import { expect, test } from "vitest";
import { EnvironmentCreate } from "#shared/contract/environment";
import { newEnvironment } from "#shared/environments/new-environment";
import { newOwner } from "#shared/owners/act-on-owner";
import type { ChangeRoute } from "#shared/pipeline/route";
import { unknownPublicKey } from "#shared/secrets/sealing";
import { environmentBytesMax, fieldsBytes } from "#shared/store/document-room";
import { accountWith, now } from "../../test/kit/sample-account.ts";
import { forkFromSnapshot } from "./fork-environment.ts";

const owner = newOwner(`user_${"a".repeat(21)}`, "development");

/** What a fork's commit makes of an environment. */
function forkOf(source: object): unknown {
  const [made] = decideFork(source).writes;
  return made && "value" in made ? made.value : null;
}

function forkReply(source: object): unknown {
  const { reply } = decideFork(source);
  return "body" in reply ? reply.body : null;
}

function decideFork(source: object) {
  const decide: ChangeRoute["decide"] = forkFromSnapshot.decide;
  const data = { source, snapshot: { id: "snap_1", head: null }, id: "env_fork", publicKey: "k" };
  const counted = { count: 1, made: null };
  const context = { caller: { owner }, body: { name: "fork" }, account: accountWith(), now };
  return decide({ ...context, data: { ...data, counted } } as never);
}

test("a fork has a thread of its own for what git is run for in it", () => {
  const identity = { id: "env_source", publicKey: "k", now };
  const source = newEnvironment(EnvironmentCreate.parse({ name: "source" }), identity);
  const used = { ...source, gitThreadId: "thread_of_source", isDefault: true };
  const own = { id: "env_fork", name: "fork", gitThreadId: null, isDefault: false };
  expect(forkOf(used)).toMatchObject(own);
});

test("a fork says of MCP servers what it has, and what it lacks", () => {
  const program = { type: "stdio", name: "m", command: "node" };
  const web = { type: "http", name: "w", url: "https://mcp.example/" };
  const identity = { id: "env_source", publicKey: "k", now };
  const of = (...mcpServers: readonly object[]) =>
    newEnvironment(EnvironmentCreate.parse({ name: "source", mcpServers }), identity);
  const secretly = of({ ...program, env: { TOKEN: "t" } }, { ...web, bearerToken: "t" });
  const forked = forkReply(secretly);
  const kept = [program, web].map((one) => ({ ...one, hasBearerToken: false, env: {} }));
  expect(forked).toMatchObject({ environment: { mcpServers: kept } });
  expect(forked).toMatchObject({ warnings: [expect.stringContaining("MCP servers")] });
  expect(forkReply(of(program, web))).toMatchObject({ warnings: [] });
  expect(forkReply({ ...of(), secretKeys: ["A"] })).toMatchObject({
    warnings: ["Secrets aren't copied: set them in the fork."],
  });
});

test("a fork that would be too large is refused before a key pair is made for it", async () => {
  const identity = { id: "env_source", publicKey: unknownPublicKey, now };
  const body = EnvironmentCreate.parse({ name: "source" });
  const empty = newEnvironment(body, identity);
  const documentation = ["x".repeat(environmentBytesMax - fieldsBytes(empty))];
  const source = { ...empty, documentation };
  const snapshot = { environmentId: source.id, head: null };
  const store = {
    require: async ({ path }: { path: string }) => {
      return { value: path.includes("/environments/") ? source : snapshot };
    },
    get: async () => ({ value: null }),
    sum: async () => ({ count: 1 }),
  };
  const readFork = async (description: string) => {
    if (forkFromSnapshot.read === "nothing") return expect.fail();
    return await forkFromSnapshot.read({
      ...{ caller: { owner }, body: { description }, ids: { next: () => "env_fork" }, now },
      ...{ params: { environmentId: source.id, snapshotId: "snap_1" }, deps: { store } },
    } as never);
  };
  await expect(readFork("d".repeat(10_000))).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  source.documentation = [];
  await expect(readFork("d".repeat(10_000))).resolves.toMatchObject({ id: "env_fork" });
});
