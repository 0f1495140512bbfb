/** OWN-4 for what scopes must not let through by another way: other people's text, later starts. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { noParams, noQuery, ok } from "#shared/contract/common";
import { threadText, threadTextNote, withoutThreadText } from "#shared/contract/thread-text";
import { allows, type Scope } from "#shared/core/keys/scopes";
import { mintOwner } from "#shared/identity/owner";
import { startScopes } from "#shared/keys/acting-key";
import { requireAllEnvironments } from "#shared/keys/environment-bounds";
import { toStartLater } from "#shared/keys/further-scopes";
import { requireKeyScope } from "#shared/keys/require-key-scope";
import { action, query, type Route } from "#shared/pipeline/route";
import { caller, runRequest } from "./kit/run-request.ts";
import { keyRoutes } from "./security/support/table.ts";
import { repositoryFiles } from "./tidy/repository-files.ts";

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: unknown;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Schema {
  return z.toJSONSchema(schema, { unrepresentable: "any", io, reused: "inline" }) as Schema;
}

/** The paths of all texts and of values of any kind, but for those that are marked. */
function textsIn(schema: Schema, path: string): string[] {
  if (schema.description === threadTextNote) return [];
  const { anyOf = [], oneOf = [], properties = {}, items, additionalProperties: rest } = schema;
  const inner = [
    ...[...anyOf, ...oneOf].flatMap((one) => textsIn(one, path)),
    ...Object.entries(properties).flatMap(([name, one]) => textsIn(one, `${path}.${name}`)),
    ...(items ? textsIn(items, path) : []),
    ...(typeof rest === "object" ? textsIn(rest, path) : []),
  ];
  const isUnion = anyOf.length + oneOf.length > 0;
  const isFree = !isUnion && schema.type === undefined && schema.const === undefined;
  const isText =
    [schema.type].flat().includes("string") && !schema.enum && schema.const === undefined;
  return isText || (isFree && schema.enum === undefined) ? [path, ...inner] : inner;
}

/** Routes whose answers a key without `threads:read` may get. */
const withoutReading = keyRoutes.filter(({ route: { scope, needsToo } }) => {
  const always = needsToo && !needsToo.when ? needsToo.scopes : [];
  return ![scope, ...always].includes("threads:read");
});

/** Names of fields in which what somebody said or printed could be. */
const sayings =
  /^(?:content|text|outputs?|title|threadTitle|preview|lastMessagePreview|messages?|task|prompt|summary|highlights?|diff|(?:build)?logs?|reason|error|details|transcript|metadata)$/i;

/** Texts of those names that nobody said in a thread, by the first part of the routes' paths. */
const otherTexts: Readonly<Record<string, readonly string[]>> = {
  account: ["message"],
  agents: ["agent.metadata", "data.metadata", "message"],
  // Its task is left out by the route itself.
  audit: ["details"],
  budget: ["message"],
  environments: [
    ...["build.error", "build.message", "buildLogs", "commits.message", "content"],
    ...["data.metadata", "data.title", "diff", "environment.metadata", "error", "logs", "message"],
    // `recentRuns.title` is a thread's, which the route reads for none but who may read threads.
    ...["metadata", "recentRuns.title", "snapshot.title"],
  ],
  incidents: ["data.title", "incident.title"],
  keys: ["data.metadata", "message", "metadata"],
  metrics: ["recentErrors.reason"],
  // Sentences of ours on how a step ended.
  orchestrations: [
    ...["data.error", "data.stepResults.error", "message", "run.error", "run.stepResults.error"],
  ],
  schedules: [
    ...["data.error.message", "data.metadata", "data.task", "message", "schedule.metadata"],
    "schedule.task",
  ],
  skills: ["data.files.content", "message", "skill.files.content"],
  threads: ["message", "schedule.metadata", "schedule.task"],
  triggers: ["data.error", "execution.error", "message"],
};

describe("OWN-4 what is said in threads", () => {
  test("is marked in what a key without threads:read may get, or known to be no such text", () => {
    const found = new Map<string, Set<string>>();
    for (const { path, route } of withoutReading) {
      const [, , part = ""] = path.split("/");
      const texts = Object.values(route.reply)
        .filter((reply) => typeof reply !== "string")
        .flatMap((reply) => textsIn(jsonSchema(reply, "input"), ""))
        .map((text) => text.slice(1))
        .filter((text) => sayings.test(text.split(".").at(-1) ?? ""));
      found.set(part, new Set([...(found.get(part) ?? []), ...texts]));
    }
    const all = [...found].filter(([, texts]) => texts.size > 0);
    const listed = Object.fromEntries(all.map(([part, texts]) => [part, [...texts].toSorted()]));
    expect(listed).toEqual(otherTexts);
  });

  test("isn't in an answer that is no JSON, but for what the caller starts itself", () => {
    const sent = withoutReading.filter(({ route: { reply } }) =>
      Object.values(reply).some((one) => typeof one === "string"),
    );
    expect(sent.map(({ title }) => title).toSorted()).toEqual([
      // The trail's rows, whose details stay sealed.
      "GET /v1/audit/export",
      "GET /v1/environments/:environmentId/files/*",
      "POST /v1/environments/:environmentId/build/test",
      "POST /v1/threads",
      "POST /v1/threads/:threadId/messages",
    ]);
  });

  test("is left out of an answer wherever it is marked, and nothing else is", () => {
    const Said = z.object({
      id: z.string(),
      title: threadText(z.string().nullable()),
      messages: threadText(z.array(z.string()).optional()),
    });
    const Answer = z.object({
      list: z.array(Said),
      either: z.union([z.object({ kind: z.literal("none") }), Said]),
      byName: z.record(z.string(), Said.nullable()),
      maybe: Said.optional(),
    });
    const said = { id: "a", title: "secret", messages: ["secret"] };
    const answer = { list: [said, said], either: said, byName: { a: said, b: null } };
    const shown = { id: "a", title: null };
    const sent = JSON.parse(JSON.stringify(withoutThreadText(Answer, answer)));
    expect(sent).toEqual({ list: [shown, shown], either: shown, byName: { a: shown, b: null } });
    expect(answer.list[0]).toBe(said);
    expect(() => threadText(z.string())).toThrow("must allow null");
  });
});

const reading = {
  summary: "",
  authenticate: "api-key",
  scope: "schedules:read",
  params: noParams,
  query: noQuery,
  body: "none",
  bodyBytesMax: 0,
  requestClass: "reads",
} as const;

/** What a route answers to a key with these scopes. */
async function answerTo(scopes: readonly Scope[], further: Pick<Route, "needsToo"> = {}) {
  const Said = z.object({ id: z.string(), title: threadText(z.string().nullable()) });
  const route = query({
    ...reading,
    endpoint: "GET /v1/things",
    reply: { 200: Said },
    read: "nothing",
    answer: () => ok({ id: "a", title: "secret" }),
    ...further,
  });
  const narrow = { ...caller, key: { ...caller.key, scopes: [...scopes] } };
  return JSON.parse((await runRequest(route, { caller: narrow })).body);
}

describe("OWN-4 the pipeline", () => {
  test("leaves what is marked out of an answer to a key that may not read threads", async () => {
    expect(await answerTo(["schedules:read"])).toEqual({ id: "a", title: null });
    expect(await answerTo(["schedules:read", "threads:read"])).toMatchObject({ title: "secret" });
    expect(await answerTo(["*"])).toMatchObject({ title: "secret" });
  });

  test("refuses a key without a further scope, and names it", async () => {
    const asked = { needsToo: toStartLater };
    const weak = answerTo(["schedules:read", "execute"], asked);
    await expect(weak).rejects.toMatchObject({
      code: "FORBIDDEN",
      details: { requiredScope: "threads:write" },
    });
    const strong: Scope[] = ["schedules:read", "execute", "threads:write"];
    expect(await answerTo(strong, asked)).toMatchObject({ id: "a" });
    const rarely = { needsToo: { ...toStartLater, when: () => false } };
    expect(await answerTo(["schedules:read"], rarely)).toMatchObject({ id: "a" });
  });
});

describe("AUD-1 a key that lacks a right", () => {
  const narrow = { ...caller, key: { ...caller.key, scopes: ["schedules:read" as const] } };
  const acting = {
    ...reading,
    endpoint: "POST /v1/things",
    beforeConfirmed: "nothing",
    reply: { 200: z.object({}) },
    read: "nothing",
    perform: async () => ok({}),
  } as const;
  const lacking = () => requireKeyScope(["schedules:read"], "execute");
  const bounded = mintOwner(caller.owner.id, "development", [`env_${"a".repeat(21)}`]);
  const outside = () => requireAllEnvironments(bounded);

  test.each([
    ["the route's scope", { scope: "agents:read" }, "scope"],
    ["a further scope", { needsToo: toStartLater }, "scope"],
    ["a scope, where it reads", { read: async () => lacking() }, "scope"],
    ["a scope, where it acts", { perform: async () => lacking() }, "scope"],
    ["other environments", { read: async () => outside() }, "bounds"],
  ])("is recorded once as refused for want of %s", async (_what, further, reason) => {
    const route = action({ ...acting, ...further } as never);
    const recorded: string[] = [];
    const recordRefusal = (why: string) => void recorded.push(why);
    await expect(runRequest(route, { caller: narrow, recordRefusal })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(recorded).toEqual([reason]);
  });

  test("is refused by one function only, whose refusals are recorded", () => {
    const naming = repositoryFiles(".").filter(
      (path) =>
        /^(functions|shared)\/.*(?<!\.test)\.ts$/.test(path) &&
        /details: \{[^}]*requiredScope|details = \{ requiredScope/.test(readFileSync(path, "utf8")),
    );
    expect(naming).toEqual(["shared/keys/require-key-scope.ts"]);
  });
});

const storing = /^(?:agents|environments|schedules|threads):write$/;
/** What switches a thing off may come with a field that is run once it is switched on. */
const switches = [{}, { enabled: false }, { status: "archived" }, { isActive: false }];

function needsToStart({ needsToo, scope }: Route, body: object): boolean {
  if (scope === "none") return false;
  const further = needsToo && (needsToo.when?.(body) ?? true) ? needsToo.scopes : [];
  return startScopes.every((needed) => allows([scope, ...further], needed));
}

/** Fields that a key may send which starts nothing, by route. */
const inert =
  "baseImage computeProfile config description guiEnabled internetAccess isDefault metadata " +
  "name network officeAppsEnabled projectId secrets";
const copied = "environmentTarget fileCopyMode targetEnvironmentId title truncateAtMessageIndex";
const freeFields: Readonly<Record<string, string>> = {
  "POST /v1/environments": inert,
  "PATCH /v1/environments/:environmentId": inert,
  "PUT /v1/environments/:environmentId": inert,
  "POST /v1/environments/:environmentId/changes/:changeId/fork": "description name",
  "POST /v1/environments/:environmentId/snapshots/:snapshotId/fork": "description name",
  "POST /v1/environments/:environmentId/snapshots": "title",
  "POST /v1/environments/:environmentId/snapshots/initialize": "title",
  "PATCH /v1/orchestrations/:orchestrationId": "name",
  "PATCH /v1/schedules/:scheduleId":
    "agentName contextId contextName description environmentName metadata name workspaceId " +
    "workspaceName",
  "PATCH /v1/triggers/:triggerId": "name",
  "PATCH /v1/threads/:threadId": "metadata projectId status title",
  "POST /v1/threads/:threadId/copy": copied,
  "POST /v1/threads/:threadId/fork-from-message": copied,
  "POST /v1/threads/:threadId/steps/:stepId/fork": "environmentName mode title",
  "POST /v1/threads/:threadId/generate-title": "content force message task",
  // A schedule asks for its scopes where it is read, and what builds or runs git where it starts.
  "POST /v1/threads":
    "agentId appId attachments computerId environmentId metadata projectId schedule stream title",
  "POST /v1/environments/:environmentId/build": "force",
  "POST /v1/environments/:environmentId/start": "cpus memory workspaceId",
  "POST /v1/environments/:environmentId/git/branch": "name path",
  "PUT /v1/environments/:environmentId/git/branch": "name path",
  "POST /v1/environments/:environmentId/git/clone": "branch repoUrl targetPath token",
  "POST /v1/environments/:environmentId/git/commit": "message path",
  "POST /v1/environments/:environmentId/git/push": "branch force path remote",
  "POST /v1/environments/:environmentId/git/stage": "all files path",
  "POST /v1/environments/:environmentId/git/unstage": "all files path",
};

describe("OWN-4 what a later start runs or obeys", () => {
  test("is stored only by keys that may start executions", () => {
    const free = keyRoutes.flatMap(({ title, route }) => {
      if (!storing.test(route.scope) || typeof route.body === "string") return [];
      const fields = Object.keys(jsonSchema(route.body, "input").properties ?? {});
      const left: string[] = fields.filter((field) =>
        switches.some((off) =>
          [true, "x"].every((value) => !needsToStart(route, { ...off, [field]: value })),
        ),
      );
      const sorted = left.toSorted((one, other) => (one < other ? -1 : 1));
      return left.length === 0 ? [] : [[title, sorted.join(" ")]];
    });
    expect(Object.fromEntries(free)).toEqual(freeFields);
  });
});
