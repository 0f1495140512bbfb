/** Sends a job's request once. */
import { status } from "@grpc/grpc-js";
import type { IdTokenRequest } from "../identity/issuer.ts";
import type { JobDefinition } from "./job.ts";

/** A `google.rpc.Status`. */
export interface AttemptOutcome {
  readonly code: status;
  readonly message: string;
}

export interface AttemptOptions {
  readonly job: JobDefinition;
  readonly scheduledAtMs: number;
  readonly signal: AbortSignal;
  issue(request: IdTokenRequest): Promise<string>;
}

/** The result of the attempt: anything but a 2xx is a failure, including redirects. */
export async function attempt(options: AttemptOptions): Promise<AttemptOutcome> {
  const { job, signal } = options;
  const deadline = AbortSignal.timeout(job.attemptDeadlineMs);
  try {
    const { target } = job;
    const body = Buffer.from(target.bodyBase64, "base64");
    const response = await fetch(target.uri, {
      method: target.method,
      headers: { ...target.headers, ...(await headersOf(options)) },
      ...(body.length > 0 ? { body } : {}),
      redirect: "manual",
      signal: AbortSignal.any([deadline, signal]),
    });
    await response.body?.cancel();
    return outcomeOf(response.status);
  } catch (failure) {
    if (deadline.aborted) return { code: status.DEADLINE_EXCEEDED, message: "No answer in time." };
    if (signal.aborted) return { code: status.CANCELLED, message: "The scheduler is closing." };
    return { code: status.UNAVAILABLE, message: causeOf(failure) };
  }
}

async function headersOf({ job, scheduledAtMs, issue }: AttemptOptions) {
  const { email, audience } = job.target.oidc ?? {};
  const authorization =
    email === undefined || audience === undefined
      ? {}
      : { authorization: `Bearer ${await issue({ email, audience })}` };
  return {
    "user-agent": "Google-Cloud-Scheduler",
    "x-cloudscheduler": "true",
    "x-cloudscheduler-jobname": job.name.split("/").at(-1) ?? "",
    "x-cloudscheduler-scheduletime": new Date(scheduledAtMs).toISOString(),
    ...authorization,
  };
}

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.ABORTED,
  429: status.RESOURCE_EXHAUSTED,
  500: status.INTERNAL,
  501: status.UNIMPLEMENTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

function outcomeOf(httpStatus: number): AttemptOutcome {
  if (httpStatus >= 200 && httpStatus < 300) return { code: status.OK, message: "" };
  return { code: codes[httpStatus] ?? status.UNKNOWN, message: `HTTP ${httpStatus}` };
}

/** `fetch` says only "fetch failed"; the reason is in its cause. */
function causeOf(failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure);
  return failure.cause instanceof Error ? failure.cause.message : failure.message;
}
