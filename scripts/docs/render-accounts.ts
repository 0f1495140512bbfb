import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { listFunctions } from "../build/function-list.ts";
import { code, generatedNotice, table } from "./markdown.ts";

const rolesFile = "terraform/modules/functions/role-grants.json";

const Roles = z.record(
  z.string(),
  z.object({
    on: z.enum(["account", "bucket", "database", "jobs", "key", "secret", "view"]),
    name: z.string().optional(),
    roles: z.array(z.string()),
    reason: z.string(),
  }),
);
type Roles = z.infer<typeof Roles>;

/** Accounts that no function runs as. */
const others = [
  ["runner", "tells the gateway by its identity token that a runner calls"],
  ["scheduler", "tells maintenance by its identity token that Scheduler calls"],
] as const;

/** The accounts of a trial's fronts, and whom each may call. */
const fronts = [
  ["fn-front", "in a trial, each public function"],
  ["fn-gateways", "in a trial, each function that runners call"],
] as const;
const why = "calls the functions of its side, which check the caller";

/** `docs/accounts.md`: every account of a deployment, its rights on each resource, and why. */
export async function renderAccounts(root: string): Promise<string> {
  const { functions } = await listFunctions(root);
  const roles = Roles.parse(JSON.parse(readFileSync(join(root, rolesFile), "utf8")));
  const rows = Object.entries(functions).flatMap(([name, { roles: declared }]) => {
    if (declared.length === 0)
      return [[`fn-${name}`, "none", "", "answers without any right in the project"]];
    return declared.flatMap((role) =>
      grantsOf(role, roles).map((grant) => [`fn-${name}`, ...grant]),
    );
  });
  return [
    "# Accounts",
    "",
    generatedNotice(`the roles that functions/ declares and ${rolesFile}`),
    "",
    "Each function runs as an account of its own, with only the roles that its code declares;",
    `[role-grants.json](../${rolesFile}) says which roles of Google Cloud these are.`,
    "Only database roles are granted on the project, because Firestore's rights end at the database; a",
    "condition limits each to its database. If `first_operator` names nobody, the deployment creates the",
    "account `paddock-operator` for that purpose; it has no roles.",
    "",
    ...table(
      ["account", "role", "on", "why"],
      [
        ...rows.map(([account = "", role = "", ...rest]) => [code(account), code(role), ...rest]),
        ...others.map(([account, reason]) => [code(account), code("none"), "", reason]),
        ...fronts.map(([account, side]) => [code(account), code("roles/run.invoker"), side, why]),
      ],
    ),
    "",
  ].join("\n");
}

function grantsOf(role: string, roles: Roles): [string, string, string][] {
  const name = role.slice(role.lastIndexOf(".") + 1);
  const known = roles[role] ?? roles[`${role.slice(0, role.lastIndexOf("."))}.*`];
  if (known === undefined) throw new Error(`${rolesFile} doesn't know ${role}`);
  const { on, name: fixed = name, reason } = known;
  const words: Readonly<Record<string, string>> = { account: "itself", jobs: "each runner job" };
  const where = words[on] ?? `${on} ${code(fixed)}`;
  return known.roles.map((granted) => [granted, where, reason]);
}
