/** Google's own client against the local Logging; local/logging/CONFORMANCE.md. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Logging, v2 } from "@google-cloud/logging";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GrpcServer } from "../../local/lib/grpc.ts";
import { startLogging } from "../../local/logging/server.ts";
import { clientOptions, makeFolder, removeFolder } from "./grpc-kit.ts";

const folder = makeFolder();
const projectId = "paddock-test";
const view = `projects/${projectId}/locations/us/buckets/paddock-access/views/access`;
let server: GrpcServer;
let logging: Logging;

async function start(): Promise<void> {
  const views = { [view]: 'logName="projects/paddock-test/logs/many"' };
  const printed = { folder: join(folder, "printed"), functions: ["meta"], projectId };
  server = await startLogging({ dataFolder: folder, views, printed });
  logging = new Logging(clientOptions(server.port));
}

beforeAll(start);
afterAll(async () => {
  await server.close();
  removeFolder(folder);
});

/** Writes entries 1 second apart, the last of them now. */
async function write(name: string, severities: readonly string[]): Promise<void> {
  const log = logging.log(name);
  const entries = severities.map((severity, index) => {
    const timestamp = new Date(Date.now() - (severities.length - index) * 1_000);
    const metadata = { severity, timestamp, labels: { name }, resource: { type: "global" } };
    return log.entry(metadata, { index });
  });
  await log.write(entries);
}

async function find(filter: string, options: object = {}) {
  const [entries] = await logging.getEntries({ filter, ...options });
  return entries;
}

test("keeps entries with what the request says for all of them", async () => {
  await logging
    .log("whole")
    .write(
      logging
        .log("whole")
        .entry(
          { severity: "NOTICE", labels: { execution: "e1" }, resource: { type: "global" } },
          { message: "hello", nested: { list: [1, null, true] } },
        ),
    );
  await logging
    .log("whole")
    .write(logging.log("whole").entry({ labels: { execution: "e1" } }, "text"));
  const found = await find('labels.execution="e1"', { orderBy: "timestamp asc" });
  expect(found.map((entry) => entry.data)).toEqual([
    { message: "hello", nested: { list: [1, null, true] } },
    "text",
  ]);
  expect(found[0]?.metadata).toMatchObject({
    severity: "NOTICE",
    logName: "projects/paddock-test/logs/whole",
  });
  expect(found[0]?.metadata.insertId).toBeTruthy();
});

describe("ListLogEntries", () => {
  beforeAll(() => write("many", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]));

  test("filters by log, label, payload, severity, time and resource, joined by AND", async () => {
    const count = async (filter: string) => (await find(filter)).length;
    const mine = 'logName="projects/paddock-test/logs/many"';
    expect(await count(mine)).toBe(5);
    expect(await count(`${mine} AND severity>=WARNING`)).toBe(3);
    expect(await count(`${mine} AND severity>=ERROR AND labels.name="many"`)).toBe(2);
    const since = new Date(Date.now() - 3_600_000).toISOString();
    expect(await count(`${mine} AND timestamp>="${since}"`)).toBe(5);
    expect(await count(`${mine} AND timestamp>="2999-01-01T00:00:00Z"`)).toBe(0);
    expect(await count(`${mine} AND resource.type="global"`)).toBe(5);
    expect(await count(`${mine} AND resource.type="other"`)).toBe(0);
    expect(await count(`${mine} AND jsonPayload.index=3`)).toBe(1);
    expect(await count(`${mine} AND jsonPayload.index.deeper="3"`)).toBe(0);
    const whole = 'logName="projects/paddock-test/logs/whole" AND jsonPayload.message="hello"';
    expect(await count(whole)).toBe(1);
  });

  test.each([
    'labels.name="many" OR severity>=ERROR',
    "NOT severity>=ERROR",
    'textPayload:"a"',
    "severity>=LOUD",
    'timestamp>="yesterday"',
    'logName="unfinished',
    'logName="a" AND',
    "hello",
  ])("refuses the filter %s", async (filter) => {
    await expect(find(filter)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test("orders by time either way, in pages", async () => {
    const filter = 'labels.name="many"';
    const paged = { autoPaginate: false, pageSize: 2, orderBy: "timestamp desc" };
    const [first, , answer] = await logging.getEntries({ filter, ...paged });
    expect(first.map((entry) => entry.metadata.severity)).toEqual(["CRITICAL", "ERROR"]);
    const pageToken = String(answer.nextPageToken);
    const [second] = await logging.getEntries({ filter, ...paged, pageToken });
    expect(second.map((entry) => entry.metadata.severity)).toEqual(["WARNING", "INFO"]);
    const all = await find(filter, { orderBy: "timestamp asc" });
    expect(all.map((entry) => entry.data.index)).toEqual([0, 1, 2, 3, 4]);
  });
});

test("shows through a view what its filter lets through, and nothing of one that isn't there", async () => {
  const ask = async (name: string, filter = "") => await find(filter, { resourceNames: [name] });
  // The client adds its project to the names, unless it is asked for one page by its own API.
  const client = new v2.LoggingServiceV2Client(clientOptions(server.port));
  const list = async (name: string) =>
    (await client.listLogEntries({ resourceNames: [name] }, { autoPaginate: false }))[0];
  expect(new Set((await list(view)).map(({ logName }: { logName: string }) => logName))).toEqual(
    new Set([`projects/${projectId}/logs/many`]),
  );
  await expect(list(`${view}-other`)).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(list("organizations/1")).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  expect((await ask(`projects/${projectId}`, 'labels.name="many"')).length).toBe(5);
});

test("lists what functions print as entries, by their fields and their time", async () => {
  const lines = [
    { timestamp: "2026-01-01T00:00:00.000Z", severity: "INFO", requestId: "req_1", status: 200 },
    { timestamp: "2026-01-02T00:00:00.000Z", severity: "INFO", requestId: "req_2", status: 404 },
    { timestamp: "2026-01-02T00:00:00.000Z", severity: "INFO", requestId: "req_3", status: 404 },
  ];
  mkdirSync(join(folder, "printed"), { recursive: true });
  const text = lines.map((line) => JSON.stringify(line)).join("\n");
  writeFileSync(join(folder, "printed", "meta.jsonl"), `${text}\n{"timestamp":"2026`);
  const log = `logName="projects/${projectId}/logs/run.googleapis.com%2Fstdout"`;
  const found = async (filter: string, orderBy = "timestamp asc") =>
    (await find(`${log} AND ${filter}`, { orderBy })).map(({ data }) => data.requestId);
  // The client asks for the last day alone, unless the filter names a time.
  const since = 'timestamp>="2026-01-01T00:00:00Z"';
  expect(await found(`${since} AND jsonPayload.status=404`)).toEqual(["req_2", "req_3"]);
  expect(await found(since, "timestamp desc"), "of one millisecond, the later one first").toEqual([
    ...["req_3", "req_2", "req_1"],
  ]);
  expect(await found('timestamp<"2026-01-02T00:00:00Z"')).toEqual(["req_1"]);
});

test("lists an entry that was written twice once", async () => {
  const metadata = { insertId: "same", timestamp: new Date(), labels: { twice: "yes" } };
  const entry = logging.log("twice").entry(metadata, "again");
  await logging.log("twice").write(entry);
  await logging.log("twice").write(entry);
  expect(await find('labels.twice="yes"')).toHaveLength(1);
});

test("takes all entries of a request or none", async () => {
  const log = logging.log("all-or-none");
  const small = log.entry({ labels: { batch: "1" } }, "small");
  const large = log.entry({ labels: { batch: "1" } }, "x".repeat(300 * 1024));
  await expect(log.write([small, large])).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(await find('labels.batch="1"')).toHaveLength(0);
});

test("lets nobody delete, and says what it can't do", async () => {
  const deletion = logging.log("many").delete();
  await expect(deletion).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  await expect(logging.getLogs()).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
  expect(await find('labels.name="many"')).toHaveLength(5);
});

test("keeps entries over a restart", async () => {
  await server.close();
  await start();
  expect(await find('labels.name="many"')).toHaveLength(5);
});
