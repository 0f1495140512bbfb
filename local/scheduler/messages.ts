/** Converts between the wire's jobs and ours. */
import * as z from "zod";
import { invalid, notOffered } from "../lib/grpc.ts";
import { Bytes, Seconds, toMs, toSeconds } from "../lib/protobuf.ts";
import { attemptDeadlineMsDefault, isCron, JobDefinition, retryDefault } from "./job.ts";
import type { JobRunner } from "./runner.ts";

const HttpTarget = z.object({
  uri: z.string(),
  httpMethod: z.string().default("POST"),
  headers: z.record(z.string(), z.string()).default({}),
  body: Bytes,
  oauthToken: z.object({}).nullish(),
  oidcToken: z
    .object({ serviceAccountEmail: z.string(), audience: z.string().default("") })
    .nullish(),
});

export const JobMessage = z.object({
  name: z.string(),
  description: z.string().default(""),
  schedule: z.string(),
  timeZone: z.string().default("UTC"),
  pubsubTarget: z.object({}).nullish(),
  appEngineHttpTarget: z.object({}).nullish(),
  httpTarget: HttpTarget.nullish(),
  retryConfig: z
    .object({
      retryCount: z.int().default(0),
      maxRetryDuration: Seconds.nullish(),
      minBackoffDuration: Seconds.nullish(),
      maxBackoffDuration: Seconds.nullish(),
      maxDoublings: z.int().optional(),
    })
    .nullish(),
  attemptDeadline: Seconds.nullish(),
});
export type JobMessage = z.output<typeof JobMessage>;

/** @throws {RpcError} INVALID_ARGUMENT, UNIMPLEMENTED. */
export function readJob(message: JobMessage): JobDefinition {
  if (message.pubsubTarget || message.appEngineHttpTarget) {
    throw notOffered("A target other than HTTP");
  }
  if (!message.httpTarget) throw invalid("The job has no target.");
  if (!["UTC", "Etc/UTC"].includes(message.timeZone)) {
    throw notOffered(`The time zone ${message.timeZone}`);
  }
  if (!isCron(message.schedule)) throw invalid("The schedule isn't five cron fields.");
  const { retryConfig: retry, attemptDeadline } = message;
  const job = JobDefinition.safeParse({
    name: message.name,
    description: message.description,
    schedule: { cron: message.schedule },
    target: readTarget(message.httpTarget),
    retry: {
      retriesMax: retry?.retryCount ?? retryDefault.retriesMax,
      durationMsMax: msOr(retry?.maxRetryDuration, retryDefault.durationMsMax),
      backoffMsMin: msOr(retry?.minBackoffDuration, retryDefault.backoffMsMin),
      backoffMsMax: msOr(retry?.maxBackoffDuration, retryDefault.backoffMsMax),
      doublingsMax: retry?.maxDoublings ?? retryDefault.doublingsMax,
    },
    attemptDeadlineMs: msOr(attemptDeadline, attemptDeadlineMsDefault),
    paused: false,
  });
  if (!job.success) throw invalid(z.prettifyError(job.error));
  return job.data;
}

function msOr(duration: Seconds | null | undefined, otherwise: number): number {
  return duration ? toMs(duration) : otherwise;
}

function readTarget(target: z.output<typeof HttpTarget>): unknown {
  if (target.oauthToken) throw notOffered("An OAuth token");
  const hostname = URL.parse(target.uri)?.hostname;
  // One of our ID tokens is worthless elsewhere and shouldn't be sent there.
  if (hostname !== "127.0.0.1" && hostname !== "localhost") {
    throw invalid("The local scheduler calls this machine alone.");
  }
  const { serviceAccountEmail, audience } = target.oidcToken ?? {};
  return {
    uri: target.uri,
    method: target.httpMethod,
    headers: target.headers,
    bodyBase64: Buffer.from(target.body).toString("base64"),
    // If there is no audience, the service uses the address.
    oidc: serviceAccountEmail
      ? { email: serviceAccountEmail, audience: audience || target.uri }
      : null,
  };
}

export function describeJob(runner: JobRunner): object {
  const { definition: job, lastAttemptAtMs, lastOutcome, dueAtMs } = runner;
  const { target, retry } = job;
  const due = dueAtMs !== null && Number.isFinite(dueAtMs);
  return {
    name: job.name,
    description: job.description,
    schedule: "cron" in job.schedule ? job.schedule.cron : `every ${job.schedule.everyMs} ms`,
    timeZone: "UTC",
    state: job.paused ? "PAUSED" : "ENABLED",
    httpTarget: {
      uri: target.uri,
      httpMethod: target.method,
      headers: target.headers,
      body: Buffer.from(target.bodyBase64, "base64"),
      ...(target.oidc
        ? {
            oidcToken: {
              serviceAccountEmail: target.oidc.email,
              audience: target.oidc.audience,
            },
          }
        : {}),
    },
    retryConfig: {
      retryCount: retry.retriesMax,
      maxRetryDuration: toSeconds(retry.durationMsMax),
      minBackoffDuration: toSeconds(retry.backoffMsMin),
      maxBackoffDuration: toSeconds(retry.backoffMsMax),
      maxDoublings: retry.doublingsMax,
    },
    attemptDeadline: toSeconds(job.attemptDeadlineMs),
    ...(due ? { scheduleTime: toSeconds(dueAtMs) } : {}),
    ...(lastAttemptAtMs === null ? {} : { lastAttemptTime: toSeconds(lastAttemptAtMs) }),
    ...(lastOutcome === null ? {} : { status: lastOutcome }),
  };
}
