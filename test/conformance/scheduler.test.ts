/** Google's own client against the local Scheduler; local/scheduler/CONFORMANCE.md. */
import { CloudSchedulerClient } from "@google-cloud/scheduler";
import { status } from "@grpc/grpc-js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Identity, startIdentity } from "../../local/identity/server.ts";
import { type HttpServer, readText, startHttpServer } from "../../local/lib/http.ts";
import { type Scheduler, startScheduler } from "../../local/scheduler/server.ts";
import { clientOptions, makeFolder, removeFolder } from "./grpc-kit.ts";

interface Received {
  readonly method: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const folder = makeFolder();
const parent = "projects/paddock-test/locations/us-central1";
const email = "scheduler@paddock-test.iam.gserviceaccount.com";
const audience = "https://maintenance.internal";
let received: Received[] = [];
/** The target's answers in order, then 200. A promise delays the answer. */
let answers: (number | Promise<number>)[] = [];
let identity: Identity;
let target: HttpServer;
let scheduler: Scheduler;
let client: CloudSchedulerClient;

async function start(): Promise<void> {
  const options = { dataFolder: folder, issue: identity.issue };
  const own = {
    name: `${parent}/jobs/own`,
    schedule: { everyMs: 30 },
    target: {
      uri: `${target.url}/own`,
      method: "GET" as const,
      headers: {},
      bodyBase64: "",
      oidc: null,
    },
    paused: true,
  };
  scheduler = await startScheduler({ ...options, jobs: [own] });
  client = new CloudSchedulerClient(clientOptions(scheduler.port));
}

beforeAll(async () => {
  identity = await startIdentity({ dataFolder: folder, projectId: "paddock-test" });
  target = await startHttpServer(async (request, response) => {
    const body = await readText(request, 10_000);
    received.push({ method: request.method, headers: request.headers, body });
    const code = (await answers.shift()) ?? 200;
    response.writeHead(code, code === 302 ? { location: `${target.url}/elsewhere` } : {}).end();
  });
  await start();
});

afterAll(async () => {
  await client.close();
  await scheduler.close();
  await target.close();
  await identity.close();
  removeFolder(folder);
});

beforeEach(() => {
  received = [];
  answers = [];
});

const inMs = (ms: number) => ({ seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1e6 });

async function createJob(id: string, more: object = {}): Promise<string> {
  const httpTarget = { uri: `${target.url}/${id}`, httpMethod: "POST" as const };
  const job = { name: `${parent}/jobs/${id}`, schedule: "0 3 * * *", httpTarget, ...more };
  const [created] = await client.createJob({ parent, job });
  return String(created.name);
}

const statusOf = async (name: string) => (await client.getJob({ name }))[0].status;

describe("a run", () => {
  test("sends what the job says, as its account, for its audience", async () => {
    const name = await createJob("full", {
      httpTarget: {
        uri: `${target.url}/full`,
        httpMethod: "PUT",
        headers: { "x-own": "1" },
        body: Buffer.from("work"),
        oidcToken: { serviceAccountEmail: email, audience },
      },
    });
    await client.runJob({ name });
    await vi.waitFor(async () => expect(await statusOf(name)).toMatchObject({ code: 0 }), 20_000);
    const [{ method, headers, body } = {} as Received] = received;
    expect({ method, body }).toEqual({ method: "PUT", body: "work" });
    expect(headers).toMatchObject({ "x-own": "1", "x-cloudscheduler-jobname": "full" });
    const token = String(headers.authorization).replace("Bearer ", "");
    const keys = createRemoteJWKSet(new URL(identity.jwksUrl));
    const { payload } = await jwtVerify(token, keys, { issuer: identity.issuer, audience });
    expect(payload.email).toBe(email);
  });

  test("is tried again as often as the job says, and no oftener", async () => {
    const retryConfig = { retryCount: 2, minBackoffDuration: inMs(10), maxDoublings: 1 };
    const name = await createJob("retried", { retryConfig });
    answers = [503, 500];
    expect(await scheduler.runNow(name)).toMatchObject({ code: status.OK });
    expect(received).toHaveLength(3);
    answers = [503, 503, 503, 503];
    expect(await scheduler.runNow(name)).toMatchObject({ code: status.UNAVAILABLE });
    expect(received).toHaveLength(6);
    const [job] = await client.getJob({ name });
    expect(job.status).toMatchObject({ code: status.UNAVAILABLE, message: "HTTP 503" });
    expect(Number(job.lastAttemptTime?.seconds)).toBeGreaterThan(1_700_000_000);
  });

  test("fails on a redirect, without following it", async () => {
    const name = await createJob("redirected");
    answers = [302];
    expect(await scheduler.runNow(name)).toMatchObject({ message: "HTTP 302" });
    expect(received).toHaveLength(1);
  });

  test("fails when the answer takes longer than the deadline", async () => {
    const name = await createJob("slow", { attemptDeadline: inMs(50) });
    const held = Promise.withResolvers<number>();
    answers = [held.promise];
    expect(await scheduler.runNow(name)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    held.resolve(200);
  });

  test("never overlaps another of the same job", async () => {
    const name = await createJob("single");
    const held = Promise.withResolvers<number>();
    answers = [held.promise];
    const first = scheduler.runNow(name);
    await vi.waitFor(() => expect(received).toHaveLength(1), 20_000);
    const refused = { code: status.FAILED_PRECONDITION };
    await expect(client.runJob({ name })).rejects.toMatchObject(refused);
    held.resolve(200);
    expect(await first).toMatchObject({ code: status.OK });
    expect(received).toHaveLength(1);
  });
});

describe("ticking", () => {
  test("goes on until the job is paused", async () => {
    const name = `${parent}/jobs/own`;
    expect((await client.getJob({ name }))[0].state).toBe("PAUSED");
    await client.resumeJob({ name });
    await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(3), 20_000);
    const [paused] = await client.pauseJob({ name });
    expect(paused.state).toBe("PAUSED");
    expect(paused.scheduleTime).toBeFalsy();
  });

  test("drops out while a run is under way", async () => {
    const name = `${parent}/jobs/own`;
    const held = Promise.withResolvers<number>();
    answers = [held.promise];
    await client.resumeJob({ name });
    await vi.waitFor(() => expect(received).toHaveLength(1), 20_000);
    const dueBefore = (await client.getJob({ name }))[0].scheduleTime;
    // Another tick has passed once the next one is due later.
    await vi.waitFor(async () => {
      expect((await client.getJob({ name }))[0].scheduleTime).not.toEqual(dueBefore);
    }, 20_000);
    expect(received).toHaveLength(1);
    await client.pauseJob({ name });
    held.resolve(200);
  });

  test("follows five cron fields in UTC", async () => {
    const name = await createJob("nightly", { schedule: "30 3 * * *" });
    const [job] = await client.getJob({ name });
    const due = new Date(Number(job.scheduleTime?.seconds) * 1_000);
    expect(due.toISOString()).toMatch(/T03:30:00\.000Z$/);
    expect(due.getTime()).toBeGreaterThan(Date.now());
  });
});

describe("jobs", () => {
  test("are listed in pages and deleted", async () => {
    const name = await createJob("short-lived");
    const jobs = client.listJobsAsync({ parent, pageSize: 2 }, { autoPaginate: false });
    const all: unknown[] = [];
    for await (const job of jobs) all.push(job.name);
    expect(all).toContain(name);
    expect(new Set(all).size).toBe(all.length);
    await client.deleteJob({ name });
    await expect(client.getJob({ name })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  test("are refused if they aren't offered, can't be read, or are there already", async () => {
    const code = (code: number) => ({ code });
    const httpTarget = { uri: "https://example.com/", httpMethod: "POST" as const };
    await createJob("once");
    await expect(createJob("once")).rejects.toMatchObject(code(status.ALREADY_EXISTS));
    const invalid = code(status.INVALID_ARGUMENT);
    await expect(createJob("far", { httpTarget })).rejects.toMatchObject(invalid);
    await expect(createJob("six", { schedule: "0 0 3 * * *" })).rejects.toMatchObject(invalid);
    await expect(createJob("never", { schedule: "0 0 31 2 *" })).rejects.toMatchObject(invalid);
    const notOffered = code(status.UNIMPLEMENTED);
    const zone = { timeZone: "Europe/Berlin" };
    await expect(createJob("zone", zone)).rejects.toMatchObject(notOffered);
    const topic = { httpTarget: undefined, pubsubTarget: { topicName: "t" } };
    await expect(createJob("topic", topic)).rejects.toMatchObject(notOffered);
    const update = client.updateJob({ job: { name: `${parent}/jobs/once` } });
    await expect(update).rejects.toMatchObject(notOffered);
    const unknown = client.runJob({ name: `${parent}/jobs/unknown` });
    await expect(unknown).rejects.toMatchObject(code(status.NOT_FOUND));
  });

  test("survive a restart, paused ones paused", async () => {
    const name = await createJob("kept");
    await client.pauseJob({ name });
    await client.close();
    await scheduler.close();
    await start();
    const [job] = await client.getJob({ name });
    expect(job).toMatchObject({ state: "PAUSED", schedule: "0 3 * * *" });
  });
});
