/** Checks the project's quotas; a new project may have less than the defaults need. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { usualRegion } from "../options.ts";
import {
  blocks,
  type CheckResult,
  enableCommand,
  explainRefusal,
  type Finding,
  type GoogleAt,
  isOff,
  note,
  resultFor,
  unchecked,
} from "./check-result.ts";

const perPage = 500;
const pagesMax = 10;
const milliCpuPerInstance = 1_000;
/** The least that a burst of executions needs. */
const runningMin = 100;
const runsPerMinuteMin = 60;

const QuotaInfo = z.object({
  quotaId: z.string(),
  quotaDisplayName: z.string().default(""),
  dimensionsInfos: z
    .array(
      z.object({
        dimensions: z.record(z.string(), z.string()).default({}),
        applicableLocations: z.array(z.string()).default([]),
        details: z.object({ value: z.string().optional() }).default({}),
      }),
    )
    .default([]),
});
type QuotaInfo = z.output<typeof QuotaInfo>;
const Page = z.object({
  quotaInfos: z.array(QuotaInfo).default([]),
  nextPageToken: z.string().optional(),
});
const FunctionList = z.object({
  functions: z.record(z.string(), z.object({ limits: z.object({ instancesMax: z.int() }) })),
});

/** Checks the quotas, which Google shows once their services are enabled; bootstrap does that. */
export async function checkQuotas(context: GoogleAt): Promise<CheckResult> {
  const result = resultFor("quotas");
  const run = await quotasOf(context, "run.googleapis.com");
  if (!Array.isArray(run)) return result("", run);
  const kms = await quotasOf(context, "cloudkms.googleapis.com");
  const findings = [...cpuFindings(context, run), ...jobFindings(context, run)];
  if (Array.isArray(kms)) findings.push(...kmsFindings(context, kms));
  const cpu = limitIn(context, run, /^CpuAllocPerProjectRegion$/);
  return result(cpu === null ? "" : `${cpu / 1000} vCPU in ${regionOf(context)}`, ...findings);
}

const regionOf = ({ options }: GoogleAt) => options.region ?? usualRegion;

async function quotasOf(context: GoogleAt, service: string): Promise<QuotaInfo[] | Finding> {
  const { project } = context.options;
  const parent = `projects/${project}/locations/global/services/${service}`;
  const url = `https://cloudquotas.googleapis.com/v1/${parent}/quotaInfos?pageSize=${perPage}`;
  const answer = await context.google.askPages(url, Page, pagesMax);
  if (!answer.ok) {
    const what = `Quotas can't be seen yet: ${explainRefusal(answer)}.`;
    const fix = enableCommand(project, ["cloudquotas.googleapis.com", service]);
    return isOff(answer)
      ? unchecked(`${what} They are checked after bootstrap.`, fix)
      : unchecked(what);
  }
  return answer.value.flatMap(({ quotaInfos }) => quotaInfos);
}

/** The region's limit, or else the limit of all regions; null if Google lists neither. */
function limitIn(context: GoogleAt, infos: readonly QuotaInfo[], id: RegExp): number | null {
  const region = regionOf(context);
  const info = infos.find(
    ({ quotaId, quotaDisplayName }) => id.test(quotaId) || id.test(quotaDisplayName),
  );
  const places = info?.dimensionsInfos ?? [];
  const place =
    places.find(({ dimensions }) => dimensions.region === region) ??
    places.find(({ applicableLocations }) => applicableLocations.includes(region)) ??
    places.find(({ dimensions }) => dimensions.region === undefined);
  const value = Number(place?.details.value ?? Number.NaN);
  if (Number.isNaN(value)) return null;
  return value === -1 ? Number.POSITIVE_INFINITY : value;
}

const page = (project: string) =>
  `https://console.cloud.google.com/iam-admin/quotas?project=${project}`;

/** Cloud Run refuses a service that could grow beyond the quota, however small it starts. */
function cpuFindings(context: GoogleAt, infos: readonly QuotaInfo[]): Finding[] {
  const cpu = limitIn(context, infos, /^CpuAllocPerProjectRegion$/);
  if (cpu === null) return [unchecked("Cloud Run's CPU quota isn't among the listed ones.")];
  const fits = Math.floor(cpu / milliCpuPerInstance);
  const wanted = instancesWanted(context);
  if (wanted <= fits) return [];
  const what = `A function may grow to ${wanted} instances, but ${regionOf(context)} grants ${fits} vCPU in all.`;
  return [
    blocks(
      what,
      `run this command with --instances-max ${Math.max(1, fits)}`,
      `or ask for more (CpuAllocPerProjectRegion): ${page(context.options.project)}`,
    ),
  ];
}

/** The largest number that any function asks for, unless the options say less. */
function instancesWanted({ options }: GoogleAt): number {
  const capped = options.variables.instances_max;
  if (typeof capped === "number") return capped;
  const file = join(repositoryRoot, "dist", "functions.json");
  if (!existsSync(file)) return 100;
  const { functions } = FunctionList.parse(JSON.parse(readFileSync(file, "utf8")));
  return Math.max(...Object.values(functions).map(({ limits }) => limits.instancesMax));
}

/** These quotas' ids aren't documented, so they are recognised by their display names. */
function jobFindings(context: GoogleAt, infos: readonly QuotaInfo[]): Finding[] {
  const running = limitIn(context, infos, /running.*execution|executions?.*running/i);
  const runs = limitIn(context, infos, /run ?job|job ?run/i);
  const findings: Finding[] = [];
  if (running === null || runs === null) {
    const what =
      "Executions at once and starts a minute aren't listed; Google documents 1,000 and 180.";
    findings.push(note(what, page(context.options.project)));
  }
  if (running !== null && running < runningMin) {
    const what = `Only ${running} executions may run at once in ${regionOf(context)}; more will wait.`;
    findings.push(note(what, page(context.options.project)));
  }
  if (runs !== null && runs < runsPerMinuteMin) {
    const what = `Only ${runs} executions may start a minute in ${regionOf(context)}; more will wait.`;
    findings.push(note(what, page(context.options.project)));
  }
  return findings;
}

/** Cloud KMS counts 100 tokens per use of a key, so this allows ten uses a second. */
const kmsTokensMin = 60_000;

function kmsFindings(context: GoogleAt, infos: readonly QuotaInfo[]): Finding[] {
  const tokens = limitIn(context, infos, /crypto|token/i);
  if (tokens === null || tokens >= kmsTokensMin) return [];
  const what = `Cloud KMS grants ${tokens} tokens a minute; opening secrets would wait.`;
  return [note(what, page(context.options.project))];
}
