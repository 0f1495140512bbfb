/** Repositories through the front door, made and changed by real git in a sandbox. */
import { beforeAll, describe, expect, test } from "vitest";
import { expectBalanced } from "../kit/assert-settled.ts";
import { send } from "../kit/client.ts";
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
    expect(committed.json, committed.text).toMatchObject({ success: true, branch: "main" });
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
