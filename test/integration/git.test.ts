/** Repositories through the front door, made and changed by real git in a sandbox. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
import { until } from "../kit/cloud.ts";
import { allDocuments, allLogs } from "../kit/dump.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";

let owner: TestOwner;
beforeAll(async () => {
  owner = await newOwner();
});

async function prepared(script: string, fields: object = {}) {
  const { key } = owner;
  const environmentId = await newEnvironment(key, fields);
  const threadId = await newThread(key, { environmentId });
  const { answer } = await runScript(key, threadId, `set -e\n${script}`);
  expect(answer.text).toContain('"status":"success"');
  const base = `/v1/environments/${environmentId}/git`;
  return {
    environmentId,
    threadId,
    get: async (path: string) => await send(`${base}${path}`, { key }),
    post: async (path: string, body: object, headers = {}) =>
      await send(`${base}${path}`, { key, body, headers }),
    put: async (path: string, body: object) =>
      await send(`${base}${path}`, { key, method: "PUT", body }),
  };
}

const initial = `
  git init -q -b main . && git config user.name Maker && git config user.email maker@example.com
  printf one >a && printf two >b && printf '*.log\\n' >.gitignore
  git add --all && git commit -q -m 'The first'
  printf changed >a && rm b && printf new >c && printf x >x.log`;

describe("a repository in a workspace", { timeout: 300_000 }, () => {
  test("is read, staged, committed and branched, and each run of git is paid for", async () => {
    const own = await newOwner();
    owner = own;
    const { get, post, put, environmentId } = await prepared(initial);
    const status = await get("/status");
    expect(status.json, status.text).toEqual({
      isGitRepo: true,
      path: ".",
      message: null,
      branch: "main",
      remoteUrl: null,
      changedFiles: [
        { path: "a", status: "modified" },
        { path: "b", status: "deleted" },
        { path: "c", status: "untracked" },
      ],
      stagedFiles: [],
      unstagedFiles: [
        { path: "a", status: "modified" },
        { path: "b", status: "deleted" },
        { path: "c", status: "untracked" },
      ],
      hasChanges: true,
      hasStagedChanges: false,
      hasUnstagedChanges: true,
      hasUnpushedCommits: false,
    });
    const staged = await post("/stage", { files: ["a", "c"] });
    expect(staged.status, staged.text).toBe(200);
    expect(staged.json).toMatchObject({
      success: true,
      status: "completed",
      stagedFiles: ["a", "c"],
      unstagedFiles: ["b"],
    });
    const unstaged = await post("/unstage", { files: ["c"] });
    expect(unstaged.json).toMatchObject({ stagedFiles: ["a"], unstagedFiles: ["b", "c"] });
    const message = 'It\'s "quoted"; $(id) `id` \\\n\n--amend';
    const committed = await post("/commit", { message });
    expect(committed.json, committed.text).toMatchObject({
      success: true,
      branch: "main",
      message,
    });
    const { commits } = (await get("/commits?limit=1")).json;
    expect(commits).toMatchObject([
      { hash: committed.json.sha, author: "Maker <maker@example.com>", message },
    ]);
    const branched = await post("/branch", { name: "topic/one" });
    expect(branched.json, branched.text).toMatchObject({ success: true, branch: "topic/one" });
    const again = await post("/branch", { name: "topic/one" });
    expect([again.status, again.json.code]).toEqual([409, "CONFLICT"]);
    const switched = await put("/branch", { name: "topic/one" });
    expect(switched.json, switched.text).toMatchObject({ success: true, branch: "topic/one" });
    const branches = { currentBranch: "topic/one", localBranches: ["main", "topic/one"] };
    expect((await get("/branches")).json).toMatchObject(branches);
    const nothing = await post("/commit", { message: "nothing" });
    expect([nothing.status, nothing.json.code], nothing.text).toEqual([422, "GIT_FAILED"]);
    const { json: thread } = await send(`/v1/threads/${committed.json.threadId}/messages`, {
      key: own.key,
    });
    expect(thread.total_count).toBe(12);
    expect(environmentId).toMatch(/^env_/);
    await expectBalanced(own);
  });
});

describe("running git", { timeout: 300_000 }, () => {
  test("needs a repository, a path inside of the workspace, and words that are no options", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const environmentId = await newEnvironment(key);
    const base = `/v1/environments/${environmentId}/git`;
    const get = async (path: string) => await send(`${base}${path}`, { key });
    const post = async (path: string, body: object) => await send(`${base}${path}`, { key, body });
    const status = await get("/status?path=there");
    expect(status.json, status.text).toMatchObject({ isGitRepo: false, path: "there" });
    expect(status.json.message).toContain("no repository");
    for (const answer of [
      await get("/branches"),
      await get("/commits"),
      await post("/stage", {}),
      await post("/unstage", { all: true }),
      await post("/commit", { message: "a" }),
      await post("/push", {}),
    ]) {
      expect([answer.status, answer.json.code]).toEqual([422, "NOT_A_REPOSITORY"]);
    }
    const traversing = await get("/status?path=../other");
    expect([traversing.status, traversing.json.code]).toEqual([400, "INVALID_PATH"]);
    const outside = await post("/stage", { files: ["../a"] });
    expect([outside.status, outside.json.code]).toEqual([400, "INVALID_PATH"]);
    for (const name of ["--upload-pack=x", "-f", "a..b", "a b", "@{1}", "a.lock", ""]) {
      expect((await post("/branch", { name })).status, name).toBe(400);
    }
    expect((await post("/push", { remote: "--receive-pack=x" })).status).toBe(400);
  });

  test("reaches what the network allows, and says what to change where it doesn't", async () => {
    const { key } = await newOwner({ creditUsd: 0 });
    const environmentId = await newEnvironment(key);
    const clone = async (repoUrl: string, more: object = {}) => {
      const body = { repoUrl, ...more };
      const answer = await send(`/v1/environments/${environmentId}/git/clone`, { key, body });
      return { ...answer, code: answer.json.code, message: answer.json.message };
    };
    const closed = await clone("https://git.example.com:8443/a/b.git");
    expect(closed).toMatchObject({ status: 403, code: "NETWORK_NOT_ALLOWED" });
    expect(closed.message).toContain('{ "host": "git.example.com", "ports": [8443] }');
    for (const url of [
      "git@github.com:a/b.git",
      "ssh://git@github.com/a/b",
      "ext::sh -c x",
      "file:///etc",
      "/etc",
      "--upload-pack=x",
      "https://me:secret@example.com/a",
      "https://example.com/a\nb",
    ]) {
      expect(await clone(url), url).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
    }
    const network = { mode: "allowlist", allow: [{ host: "git.example.com", ports: [80, 443] }] };
    await send(`/v1/environments/${environmentId}`, { key, method: "PATCH", body: { network } });
    const plain = await clone("http://git.example.com/a.git", { token: "a-token-0123456789" });
    expect(plain).toMatchObject({ status: 400, code: "VALIDATION_FAILED" });
    expect((await clone("https://git.example.com/a.git")).status).toBe(402);
    const prepared = await send(`/v1/environments/${environmentId}/github/prepare`, {
      key,
      body: { repoFullName: "a/b" },
    });
    expect([prepared.status, prepared.json.code]).toEqual([501, "NOT_OFFERED"]);
  });

  test("GIT-2 keeps a clone's token out of all that is stored, logged and answered", async () => {
    const own = await newOwner();
    const { key } = own;
    const token = "glpat-Canary0123456789xyz";
    const network = { mode: "allowlist", allow: [{ host: "git.example.com" }] };
    const environmentId = await newEnvironment(key, { network });
    const body = { repoUrl: "https://git.example.com/a/b.git", token };
    const headers = { "idempotency-key": "clone-once" };
    const base = `/v1/environments/${environmentId}/git/clone`;
    const failed = await send(base, { key, body, headers });
    expect([failed.status, failed.json.code], failed.text).toEqual([422, "GIT_FAILED"]);
    expect(failed.json.message).toContain("git.example.com");
    const again = await send(base, { key, body, headers });
    expect(again.json.details).toEqual(failed.json.details);
    const other = await send(base, {
      key,
      body: { ...body, token: "another-0123456789" },
      headers,
    });
    expect([other.status, other.json.code]).toEqual([409, "IDEMPOTENCY_CONFLICT"]);
    const { executionId, threadId } = failed.json.details;
    const events = await send(`/v1/executions/${executionId}/events`, { key });
    const messages = await send(`/v1/threads/${threadId}/messages`, { key });
    expect(messages.json.data[0].content).toContain("'https://git.example.com/a/b.git'");
    const everything = [
      ...[failed.text, again.text, events.text, messages.text],
      ...[await allDocuments(own.id), await allLogs()],
    ];
    for (const text of everything) expect(text).not.toContain(token);
    await expectBalanced(own);
  });

  test("needs the right to execute, and waits for no other execution", async () => {
    const { key } = await newOwner();
    const environmentId = await newEnvironment(key);
    const base = `/v1/environments/${environmentId}/git`;
    const limited = { name: "a", scopes: ["environments:write", "environments:read"] };
    const { json } = await send("/v1/keys", { key, body: limited });
    const refused = await send(`${base}/stage`, { key: json.key, body: {} });
    expect([refused.status, refused.json.details]).toEqual([403, { requiredScope: "execute" }]);
    expect((await send(`${base}/status`, { key: json.key })).status).toBe(200);

    const threadId = await newThread(key, { environmentId });
    let isRunning = false;
    const running = runScript(key, threadId, "git init -q .; echo begun; sleep 600", {
      onText: (text) => {
        isRunning ||= text.includes("begun");
      },
    });
    await until("the execution", async () => isRunning);
    const busy = await send(`${base}/stage`, { key, body: {} });
    expect([busy.status, busy.json.code]).toEqual([409, "EXECUTION_RUNNING"]);
    await send(`/v1/threads/${threadId}/cancel`, { key, method: "POST" });
    await running;
  });
});
