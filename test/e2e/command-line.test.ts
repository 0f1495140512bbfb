/** The command line as users run it: its own process, against the cloud's edge. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { cloud, orderFault, until, untilHeld } from "../kit/cloud.ts";
import { newCommandLine } from "../kit/command-line.ts";
import { newEnvironment, newOwner, type TestOwner } from "../kit/owners.ts";

const { folder, paddock, remove } = newCommandLine();
let owner: TestOwner;
let environmentId: string;

beforeAll(async () => {
  owner = await newOwner();
  environmentId = await newEnvironment(owner.key);
  const args = ["login", "--api-url", cloud().baseUrl];
  expect(await paddock(args, { stdin: `${owner.key}\n` })).toMatchObject({ code: 0, out: "" });
});

afterAll(remove);

test("a login is stored for its user alone, and a refused key isn't stored", async () => {
  const stored = join(folder, "paddock", "profiles", "default.json");
  expect(statSync(stored).mode & 0o777).toBe(0o600);
  expect(statSync(join(stored, "..")).mode & 0o777).toBe(0o700);
  const refused = await paddock(["login", "--api-url", cloud().baseUrl], { stdin: "tb_dev_no" });
  expect(refused).toMatchObject({ code: 4, out: "" });
  expect(refused.err).toMatch(/^✗ .+ \(request req_[\w-]+\)\n$/);
  expect(JSON.parse(readFileSync(stored, "utf8"))).toMatchObject({ apiKey: owner.key });
});

test("a key of the environment beats the stored one, and one that is refused exits with 4", async () => {
  const env = { PADDOCK_API_KEY: "tb_dev_no" };
  const refused = await paddock(["budget"], { env });
  expect(refused).toMatchObject({ code: 4, out: "" });
  expect(refused.err).toContain("refuses the key of PADDOCK_API_KEY: it isn't tb_prod_ or tb_dev_");
  const who = await paddock(["whoami", "--json"]);
  expect(JSON.parse(who.out)).toMatchObject({ userId: owner.id, keyId: owner.keyId });
});

test("a secret comes from stdin, exec prints what is said, and a failure exits with 1", async () => {
  const set = ["secrets", "set", "TOKEN", "--env", environmentId];
  const inArgument = await paddock([...set, "value-in-argument"]);
  expect(inArgument).toMatchObject({ code: 1, out: "" });
  const short = await paddock(set, { stdin: "short\n" });
  expect(short.err).toMatch(/^✓ Stored; .+\n! The secret TOKEN is shorter than 8 characters/);
  expect(await paddock(set, { stdin: "a-value-of-stdin\n" })).toMatchObject({ code: 0 });
  const script = 'printf %s "$TOKEN" | wc -c; exit 3';
  const ran = await paddock(["exec", "--env", environmentId, script]);
  expect(ran).toMatchObject({ code: 1, out: "16\n" });
  expect(ran.err).toContain("exit code 3");
});

test("run prints events as lines of JSON, and logs print them again", async () => {
  const args = ["run", "--json", "--model", "shell", "--env", environmentId, "echo hello"];
  const { code, out } = await paddock(args);
  expect(code).toBe(0);
  const events = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.at(0)).toMatchObject({ type: "response.started" });
  expect(events.at(-1)).toMatchObject({ type: "stream.completed", run: { status: "success" } });
  const { id } = events.at(-1).run;
  expect(await paddock(["logs", "-f", id])).toMatchObject({ code: 0, out: "hello\n" });
});

test("an interrupt cancels the execution, and exits with 2", async () => {
  let interrupted = false;
  const args = ["exec", "--env", environmentId, "echo started; sleep 300"];
  const ran = await paddock(args, {
    onOut: (out, kill) => {
      if (interrupted || !out.includes("started")) return;
      interrupted = true;
      kill("SIGINT");
    },
  });
  expect(ran).toMatchObject({ code: 2, out: expect.stringMatching(/^started\n/) });
  const threadId = /thread_[\w-]{21}/.exec(ran.err)?.[0];
  const status = await send(`/v1/threads/${threadId}/status`, { key: owner.key });
  expect(status.json).toMatchObject({ status: "cancelled" });
});

test("a large file is sent in chunks, continued where a killed command was, and read back", async () => {
  const bytes = randomBytes(30 * 1_048_576 + 3);
  writeFileSync(join(folder, "large.bin"), bytes);
  const place = `${environmentId}:large.bin`;
  const copy = ["files", "cp", "large.bin", place];
  // It begins, asks how much has arrived, sends a chunk, and is killed over the second one.
  const signed = {
    method: "signed-upload",
    calls: 3,
    fault: { kind: "delay", delayMs: 0 },
  } as const;
  await orderFault("storage", signed);
  await orderFault("storage", { ...signed, calls: 1, fault: { kind: "hold-before" } });
  const killed = new AbortController();
  const first = paddock(copy, { killed: killed.signal });
  await untilHeld("storage");
  killed.abort();
  expect((await first).code).toBeNull();
  await orderFault("storage", null);
  const stored = join(folder, "paddock", "uploads");
  const [name = ""] = readdirSync(stored);
  expect(statSync(join(stored, name)).mode & 0o777).toBe(0o600);
  const { session, uploadId } = JSON.parse(readFileSync(join(stored, name), "utf8"));
  const headers = { "content-range": `bytes */${bytes.length}` };
  const received = await until("what Cloud Storage has of it", async () => {
    const asked = await fetch(session, { method: "PUT", headers });
    return asked.status === 308 && asked.headers.get("range");
  });
  expect(Number(received.slice("bytes=0-".length))).toBeGreaterThanOrEqual(8_388_607);
  expect(await paddock(copy)).toMatchObject({ code: 0 });
  const upload = `/v1/environments/${environmentId}/uploads/${uploadId}`;
  expect((await send(upload, { key: owner.key })).json.upload.state).toBe("completed");
  expect(readdirSync(stored)).toEqual([]);
  expect(await paddock(["files", "cp", place, "large-got.bin"])).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "large-got.bin")).equals(bytes)).toBe(true);
});

test("files are copied both ways, and removed only when that is confirmed", async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 27]);
  writeFileSync(join(folder, "sent.bin"), bytes);
  const place = `${environmentId}:data/with space.bin`;
  expect(await paddock(["files", "cp", "sent.bin", place])).toMatchObject({ code: 0 });
  expect(await paddock(["files", "cp", place, "got.bin"])).toMatchObject({ code: 0 });
  expect(readFileSync(join(folder, "got.bin"))).toEqual(bytes);
  const listed = await paddock(["files", "ls", "--json", `${environmentId}:data`]);
  expect(JSON.parse(listed.out)).toMatchObject([{ path: "data/with space.bin", size: 5 }]);
  expect(await paddock(["files", "rm", place])).toMatchObject({ code: 1, out: "" });
  expect(await paddock(["files", "rm", "--yes", place])).toMatchObject({ code: 0 });
  expect(await paddock(["files", "cp", place, "-"])).toMatchObject({ code: 1, out: "" });
});
