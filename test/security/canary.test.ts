/** SEC-2: secrets are planted, everything that can go wrong does, and none is found again. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, send } from "../kit/client.ts";
import { cloud, killFunction } from "../kit/cloud.ts";
import { allDocuments } from "../kit/dump.ts";
import { newEnvironment, newOwner, newThread, runScript, type TestOwner } from "../kit/owners.ts";
import { isTurn } from "../kit/shard.ts";
import { firestore } from "../kit/store.ts";
import {
  type Contents,
  filesIn,
  findIn,
  processes,
  spellings,
  temporaryFiles,
} from "./support/canary.ts";

const startedAtMs = Date.now();
/** Contains characters that each form spells differently. */
const canary = (name: string) => `${name} "canary"/+é?${randomBytes(12).toString("hex")}`;
const header = () => `canary+/${randomBytes(18).toString("base64url")}`;
const secrets = {
  "an environment's": canary("env"),
  "one that was replaced": canary("old"),
  "one that was refused": canary("bad"),
  "a message's": canary("msg"),
  "an MCP server's": header(),
  "an MCP variable": canary("mcp"),
  "a git token": header(),
};
const [control, answers]: [string, Buffer[]] = [canary("control"), []];
/** Arguments and environments as they were while executions ran. */
const seen = { arguments: new Set<string>(), environments: new Set<string>() };
let owner: TestOwner;

/** The local files for what the cloud mounts from Secret Manager, where these belong. */
const keyFiles = () =>
  ["peppers", "gateway-tokens"].map((name) => join(cloud().dataFolder, `secrets/${name}.json`));

function keysOf(file: string): string[] {
  return Object.values(JSON.parse(readFileSync(file, "utf8")).keys);
}

async function call(path: string, sent: Parameters<typeof send>[1] = {}): Promise<Answer> {
  const answer = await send(path, { key: owner.key, ...sent });
  answers.push(Buffer.from(JSON.stringify(answer.headers)), answer.bytes);
  return answer;
}

function watch(): void {
  for (const bytes of processes("cmdline")) seen.arguments.add(bytes.toString("latin1"));
  for (const bytes of processes("environ")) seen.environments.add(bytes.toString("latin1"));
}

async function places(): Promise<Readonly<Record<string, Contents>>> {
  const { dataFolder } = cloud();
  watch();
  return {
    documents: [Buffer.from(await allDocuments(owner.id))],
    "data folder": filesIn(dataFolder, { without: keyFiles() }),
    "temporary files": temporaryFiles(startedAtMs, [dataFolder]),
    answers,
    arguments: [...seen.arguments].map((text) => Buffer.from(text, "latin1")),
    environments: [...seen.environments].map((text) => Buffer.from(text, "latin1")),
  };
}

const spoken = `
  echo "$TOKEN $MESSAGE"; printf '%s' "$TOKEN" | base64; printf '%s' "$MESSAGE" | od -An -tx1 | tr -d ' \\n'
  node -p 'encodeURIComponent(process.env.TOKEN) + JSON.stringify(process.env.MESSAGE)'
  printf '%s' "$TOKEN" | gzip -c | base64 -w0 >/dev/null; env >/tmp/env; sleep 0.3; ls "$TOKEN"; exit 3`;

beforeAll(async () => {
  owner = await newOwner();
  const servers = [
    {
      type: "http",
      name: "tools",
      url: "https://mcp.example.com",
      bearerToken: secrets["an MCP server's"],
      env: { NAME: secrets["an MCP variable"] },
    },
  ];
  const environmentId = await newEnvironment(owner.key, {
    secrets: [{ key: "TOKEN", value: secrets["one that was replaced"] }],
    mcpServers: servers,
  });
  const path = `/v1/environments/${environmentId}`;
  const gitToken = { key: "GIT", value: secrets["a git token"], hosts: ["git.example.com"] };
  const refused = { key: "not a name", value: secrets["one that was refused"] };
  await call(`${path}/secrets/TOKEN`, {
    method: "PUT",
    body: { value: secrets["an environment's"] },
  });
  await call(`${path}/secrets`, { body: gitToken });
  await call(`${path}/secrets`, { body: gitToken });
  await call(`${path}/secrets`, { body: refused });
  await call(`${path}/secrets`, {
    method: "POST",
    raw: `{"value":${JSON.stringify(refused.value)}`,
    headers: { "content-type": "application/json" },
  });
  const threadId = await newThread(owner.key, { environmentId });
  const body = { secrets: [{ key: "MESSAGE", value: secrets["a message's"] }] };
  for (const content of [spoken, `${spoken}`.replace("exit 3", "kill -9 $$")]) {
    const watching = setInterval(watch, 200);
    const { answer } = await runScript(owner.key, threadId, content, { body });
    clearInterval(watching);
    answers.push(answer.bytes);
    await killFunction("runner-gateway");
  }
  await call(`/v1/threads/${threadId}/messages`, {
    body: { content: "true", ...body, agentConfig: { model: "none such" } },
  });
  const runs = await firestore().collection(`owners/${owner.id}/executions`).get();
  for (const { id } of runs.docs) {
    await call(`/v1/executions/${id}`);
    await call(`/v1/executions/${id}/egress`);
    await call(`/v1/executions/${id}/events`);
  }
  for (const read of [path, `${path}/secrets`, "/v1/environments", `/v1/threads/${threadId}`]) {
    await call(read);
  }
  await call(`/v1/threads/${threadId}/messages`, { method: "GET" });
  await call(`${path}/secrets/GIT`, { method: "DELETE" });
}, 120_000);

describe("SEC-2 a canary", () => {
  test("is found nowhere, in no form, after all that was done with it", async () => {
    const keys = { "the API key": owner.key, "its check": owner.key.slice(-64) };
    const [peppers = [], tokens = []] = keyFiles().map(keysOf);
    const named = [...peppers, ...tokens].map((key, index) => [`of the cloud's, ${index}`, key]);
    const all = { ...secrets, ...keys, ...Object.fromEntries(named) };
    const found = Object.entries(await places()).flatMap(([place, contents]) =>
      findIn(contents, all).map((what) => `${place}: ${what}`),
    );
    expect(found).toEqual([]);
    expect(Buffer.concat(answers).includes("[redacted:TOKEN]")).toBe(true);
  });

  test.runIf(isTurn(0, 2))("that is planted is found in each place and form", async () => {
    const forms = Object.values(spellings(control));
    const all = Buffer.concat(forms.flatMap((form) => [form, Buffer.from(" ")]));
    const packed = gzipSync(all);
    const inFolder = join(cloud().dataFolder, "canary");
    const inTemporary = join(tmpdir(), `paddock-canary-${process.pid}`);
    writeFileSync(inFolder, packed);
    writeFileSync(
      inTemporary,
      Buffer.concat([Buffer.from("before"), packed, Buffer.from("behind")]),
    );
    const planted = firestore().doc(`owners/${owner.id}/canaries/one`);
    // JSON escapes a document's content once more, and leaves the other forms alone.
    await planted.set({ all: all.toString(), deep: { control } });
    const env = { CANARY: all.toString() };
    const child = spawn("/bin/sleep", ["60"], { argv0: all.toString(), env });
    await once(child, "spawn");
    answers.push(all);
    const found = await places();
    child.kill();
    rmSync(inFolder);
    rmSync(inTemporary);
    await planted.delete();
    const names = Object.keys(spellings(control)).map((form) => `control, ${form}`);
    for (const [place, contents] of Object.entries(found)) {
      const missed = names.filter((name) => !findIn(contents, { control }).includes(name));
      expect(
        missed.filter((name) => place !== "documents" || !/plain$/.test(name)),
        place,
      ).toEqual([]);
    }
  });
});
