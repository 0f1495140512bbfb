/** Checks whether these credentials may do what the deployment does. */
import * as z from "zod";
import type { GoogleAnswer } from "../google/api.ts";
import {
  blocks,
  type CheckResult,
  explainRefusal,
  type Finding,
  type GoogleAt,
  note,
  resultFor,
  unchecked,
} from "./check-result.ts";
import { type NeededPermission, neededForBootstrap, neededForMain } from "./needed-permissions.ts";

const Tested = z.object({ permissions: z.array(z.string()).default([]) });
const invalidArgument = 400;

export async function checkPermissions(context: GoogleAt): Promise<CheckResult> {
  const { options, member } = context;
  const result = resultFor("permissions");
  const needed = options.skipBootstrap ? neededForMain : [...neededForMain, ...neededForBootstrap];
  const names = needed.map(({ permission }) => permission);
  const tested = await testPermissions(context, names);
  if (!tested.ok) {
    return result("", unchecked(`Your permissions are unknown: ${explainRefusal(tested)}.`));
  }
  const { held, unknown } = tested.value;
  const findings: Finding[] = [];
  if (unknown.length > 0) {
    const what = `Google knows no permission ${unknown.join(", ")}, so whether you have it is unknown.`;
    findings.push(unchecked(what, "update deploy/preflight/needed-permissions.ts"));
  }
  const missing = needed.filter(({ permission: name }) => ![...held, ...unknown].includes(name));
  if (missing.length === 0) {
    const found = findings.length === 0 ? `${member} may do all ${names.length} things` : "";
    return result(found, ...findings);
  }
  return result("", ...findings, lacking(context, missing));
}

function lacking(context: GoogleAt, missing: readonly NeededPermission[]): Finding {
  const { options, member } = context;
  const names = missing.map(({ permission }) => permission).join(", ");
  if (options.skipPermissionCheck) {
    const what = `${member} may not ${names}. --skip-permission-check goes on: whatever needs these fails half-way.`;
    return note(what);
  }
  const fixes = options.skipBootstrap ? forWorkflow(context, missing) : forPerson(context, missing);
  const goOn = "or, if Google is known to be wrong here: --skip-permission-check";
  return blocks(`${member} may not ${names}.`, ...fixes, goOn);
}

function forPerson({ options, member }: GoogleAt, missing: readonly NeededPermission[]): string[] {
  const roles = [...new Set(missing.map(({ role }) => role))];
  const bind = `gcloud projects add-iam-policy-binding ${options.project} --member=${member}`;
  return roles.map((role) => `${bind} --role=${role}`);
}

/** Bootstrap gives these to the workflow's account; the commands give no more than it would. */
function forWorkflow(
  { options, member }: GoogleAt,
  missing: readonly NeededPermission[],
): string[] {
  const { project } = options;
  const roles = new Set(missing.flatMap(({ workflowRole }) => workflowRole ?? []));
  const bind = `gcloud projects add-iam-policy-binding ${project} --member=${member}`;
  const ownRole = (role: string) =>
    role.startsWith("roles/") ? role : `projects/${project}/roles/${role}`;
  return [
    "a person deploys once without --skip-bootstrap: bootstrap gives this account its roles",
    ...[...roles].map((role) => `${bind} --role=${ownRole(role)}`),
  ];
}

interface TestedPermissions {
  readonly held: readonly string[];
  /** Names that Google refuses, because it has renamed them. */
  readonly unknown: readonly string[];
}

/** One unknown name refuses a whole request, so a refused request is repeated name by name. */
async function testPermissions(
  { google, options }: GoogleAt,
  names: readonly string[],
): Promise<GoogleAnswer<TestedPermissions>> {
  const url = `https://cloudresourcemanager.googleapis.com/v3/projects/${options.project}:testIamPermissions`;
  const ask = async (permissions: readonly string[]) =>
    await google.ask(url, Tested, { method: "POST", body: { permissions } });
  const together = await ask(names);
  if (together.ok) return { ok: true, value: { held: together.value.permissions, unknown: [] } };
  if (together.status !== invalidArgument) return together;
  const single = await Promise.all(
    names.map(async (name) => ({ name, answer: await ask([name]) })),
  );
  const refused = single.find(({ answer }) => !answer.ok && answer.status !== invalidArgument);
  if (refused && !refused.answer.ok) return refused.answer;
  const held = single.flatMap(({ answer }) => (answer.ok ? answer.value.permissions : []));
  const unknown = single.flatMap(({ name, answer }) => (answer.ok ? [] : [name]));
  return { ok: true, value: { held, unknown } };
}
