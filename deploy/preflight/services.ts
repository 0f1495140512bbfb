/** Checks which of Google's services are on; bootstrap enables the others. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
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
import { servicesNeededToCheck } from "./project.ts";

const perPage = 200;
const pagesMax = 20;
const Page = z.object({
  services: z
    .array(z.object({ config: z.object({ name: z.string() }).optional(), name: z.string() }))
    .default([]),
  nextPageToken: z.string().optional(),
});

/** A service's name, and what it is for. */
const Why = z.record(z.string(), z.string());

/** The services that the deployment uses: the list that bootstrap enables. */
export function servicesUsed(): readonly string[] {
  const file = join(repositoryRoot, "terraform", "bootstrap", "services.json");
  return Object.keys(Why.parse(JSON.parse(readFileSync(file, "utf8"))));
}

export async function checkServices(context: GoogleAt): Promise<CheckResult> {
  const { project } = context.options;
  const result = resultFor("services");
  const on = await servicesThatAreOn(context);
  if (!Array.isArray(on)) return result("", on);
  const off = servicesUsed().filter((service) => !on.includes(service));
  const offButNeeded = servicesNeededToCheck.filter((service) => !on.includes(service));
  const found = `${servicesUsed().length - off.length} of ${servicesUsed().length} are on`;
  if (offButNeeded.length > 0) {
    const what = "Bootstrap needs these services to begin; it enables the others itself.";
    return result(found, blocks(what, enableCommand(project, offButNeeded)));
  }
  if (off.length === 0) return result(found);
  return result(found, note(`Bootstrap will switch on ${off.join(", ")}.`));
}

async function servicesThatAreOn({ google, options }: GoogleAt): Promise<string[] | Finding> {
  const { project } = options;
  const url = `https://serviceusage.googleapis.com/v1/projects/${project}/services`;
  const query = `filter=state:ENABLED&pageSize=${perPage}`;
  const answer = await google.askPages(`${url}?${query}`, Page, pagesMax);
  if (!answer.ok) {
    const what = `Which services are on is unknown: ${explainRefusal(answer)}.`;
    return isOff(answer)
      ? blocks(what, enableCommand(project, servicesNeededToCheck))
      : unchecked(what);
  }
  const on = answer.value.flatMap(({ services }) => services);
  return on.map(({ name }) => name.split("/").at(-1) ?? "");
}
