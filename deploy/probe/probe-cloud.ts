/**
 * Runs the probe in a project that may be bare: an account without a role, the runner's image, and
 * a job for each kind of network. All of it is removed, whatever happens.
 */
import * as z from "zod";
import { waitUntil } from "../clock.ts";
import { detail, done, heading, line, Stop } from "../print.ts";
import { buildImage } from "./build-image.ts";
import { type Finding, probeScript, readFindings, verdict } from "./script.ts";
import {
  Anything,
  make,
  probeName as name,
  type ProbeContext,
  remove,
  type Undo,
  untilMade,
} from "./throw-away.ts";

const untilEnded = { everyMs: 5_000, withinMs: 10 * 60_000 };
/** Log entries are to be seen some seconds after they are written. */
const untilLogged = { everyMs: 5_000, withinMs: 3 * 60_000 };

const Started = z.object({ metadata: z.object({ name: z.string() }) });
const Execution = z.object({ createTime: z.string(), completionTime: z.string().optional() });
const Entries = z.object({
  entries: z.array(z.object({ textPayload: z.string().default("") })).default([]),
});

/** @returns Whether executions would run. @throws {Stop} if the probe itself couldn't. */
export async function probeCloud(context: ProbeContext): Promise<boolean> {
  const { project, region } = context;
  const undo: Undo = [];
  try {
    heading("Probe");
    await enable(context);
    const accounts = `https://iam.googleapis.com/v1/projects/${project}/serviceAccounts`;
    const email = `${name}@${project}.iam.gserviceaccount.com`;
    undo.push(() => remove(context, `${accounts}/${email}`, "the account"));
    await make(context, accounts, { accountId: name });
    const image = context.image ?? (await buildImage(context, undo));
    const results: (readonly Finding[])[] = [];
    for (const network of ["none", "default"] as const) {
      if (network === "default" && !(await hasDefaultNetwork(context))) {
        line("There is no network called default, so Direct VPC isn't timed.");
        continue;
      }
      const job = network === "none" ? name : `${name}-vpc`;
      const jobs = `https://run.googleapis.com/v2/projects/${project}/locations/${region}/jobs`;
      undo.push(() => remove(context, `${jobs}/${job}`, `the job ${job}`));
      await make(context, `${jobs}?jobId=${job}`, jobOf(image, email, network));
      const { findings, startMs } = await runJob(context, jobs, job);
      results.push(findings);
      const how = network === "none" ? "without Direct VPC" : "with Direct VPC";
      done(`started in ${(startMs / 1_000).toFixed(1)} s ${how}`);
    }
    const [findings = []] = results;
    for (const { name: subject, holds, seen } of findings.slice(1)) {
      const say = holds ? done : (text: string) => line(`✗ ${text}`);
      say(`${subject.padEnd(20)}${seen}`);
    }
    const { runs, sentence } = verdict(findings);
    line(sentence);
    return runs;
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function enable({ google, project }: ProbeContext): Promise<void> {
  const names = ["artifactregistry", "cloudbuild", "cloudresourcemanager", "iam"];
  const serviceIds = [...names, "logging", "run", "storage"].map(
    (service) => `${service}.googleapis.com`,
  );
  const url = `https://serviceusage.googleapis.com/v1/projects/${project}/services:batchEnable`;
  const asked = await google.ask(url, Anything, { method: "POST", body: { serviceIds } });
  if (!asked.ok) throw new Stop(`Its services can't be switched on: ${asked.message}`);
  detail("its services stay on: others may use them");
}

async function hasDefaultNetwork({ google, project }: ProbeContext): Promise<boolean> {
  const url = `https://compute.googleapis.com/compute/v1/projects/${project}/global/networks/default`;
  return (await google.ask(url, Anything)).ok;
}

function jobOf(image: string, serviceAccount: string, network: "none" | "default"): object {
  const containers = [{ image, command: ["/bin/sh"], args: ["-c", probeScript()] }];
  const interfaces = [{ network: "default", subnetwork: "default" }];
  const vpcAccess = { egress: "ALL_TRAFFIC", networkInterfaces: interfaces };
  const task = {
    containers,
    serviceAccount,
    maxRetries: 0,
    timeout: "300s",
    executionEnvironment: "EXECUTION_ENVIRONMENT_GEN2",
    ...(network === "default" && { vpcAccess }),
  };
  return { template: { taskCount: 1, template: task } };
}

async function runJob(context: ProbeContext, jobs: string, job: string) {
  const { google, clock, project } = context;
  const started = await waitUntil(clock, untilMade, async () => {
    const answer = await google.ask(`${jobs}/${job}:run`, Started, { method: "POST", body: {} });
    return answer.ok ? answer.value.metadata.name : null;
  });
  if (started === null) throw new Stop(`The job ${job} couldn't be started.`);
  const execution = `https://run.googleapis.com/v2/${started}`;
  const ended = await waitUntil(clock, untilEnded, async () => {
    const answer = await google.ask(execution, Execution);
    return answer.ok && answer.value.completionTime !== undefined ? answer.value : null;
  });
  if (ended === null) throw new Stop(`The job ${job} didn't end.`);
  const filter = [
    'resource.type="cloud_run_job"',
    `labels."run.googleapis.com/execution_name"="${started.split("/").at(-1)}"`,
  ].join(" AND ");
  const body = { resourceNames: [`projects/${project}`], filter, pageSize: 200 };
  const url = "https://logging.googleapis.com/v2/entries:list";
  const findings = await waitUntil(clock, untilLogged, async () => {
    const answer = await google.ask(url, Entries, { method: "POST", body });
    return answer.ok ? readFindings(answer.value.entries.map((entry) => entry.textPayload)) : null;
  });
  if (findings === null) {
    throw new Stop(
      `The job ${job} printed no findings: its container didn't start, or not as root.`,
    );
  }
  const startMs = Number(findings[0]?.seen) - Date.parse(ended.createTime);
  return { findings, startMs };
}
