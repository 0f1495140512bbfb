/** The permission check asks for what Google has, and its fixes give what they say. */
import { expect, test } from "vitest";
import { soundWorld } from "../../test/deploy/support/deployment.ts";
import { startGoogle } from "../../test/kit/google-apis.ts";
import { GoogleApi } from "../google/api.ts";
import type { DeployOptions } from "../options.ts";
import type { GoogleAt } from "./check-result.ts";
import { neededForBootstrap, neededForMain, rolePermissions } from "./needed-permissions.ts";
import { checkPermissions } from "./permissions.ts";

const { owner, readData, roles } = rolePermissions();
const needed = [...neededForMain, ...neededForBootstrap];

test("an owner holds every permission that is asked for", () => {
  expect(needed.filter(({ permission }) => !owner.includes(permission))).toEqual([]);
});

test("each role that a fix gives a person holds the permission it is given for", () => {
  const wrong = needed.filter(({ permission, role }) => !roles[role]?.includes(permission));
  expect(wrong).toEqual([]);
});

test("no fix gives a workflow's account a role that reads what owners stored", () => {
  for (const { permission, workflowRole } of neededForMain) {
    // Roles of our own are held against what they may contain by the policy tests.
    const held = workflowRole?.startsWith("roles/") ? (roles[workflowRole] ?? []) : [permission];
    expect(held, workflowRole ?? "").toContain(permission);
    expect(held.filter((name) => readData.includes(name))).toEqual([]);
  }
});

async function checked(world: object, options: Partial<DeployOptions> = {}) {
  const google = await startGoogle({ ...soundWorld(), ...world });
  const credentials = {
    from: "a test",
    needsQuotaProject: false,
    isShortLived: false,
    accessToken: async () => "a-token",
  };
  const at = {
    google: new GoogleApi(credentials, "demo-1234", google.url),
    member: "user:me@example.com",
    options: { project: "demo-1234", skipBootstrap: false, ...options } as DeployOptions,
  };
  try {
    return await checkPermissions(at as GoogleAt);
  } finally {
    await google.close();
  }
}

test("an owner passes, and a role with less is told what is missing", async () => {
  expect((await checked({})).found).toBe(`user:me@example.com may do all ${needed.length} things`);
  const { findings } = await checked({ role: "roles/run.admin" }, { skipBootstrap: true });
  expect(findings[0]?.kind).toBe("blocks");
  expect(findings[0]?.what).not.toContain("run.services.create");
  expect(findings[0]?.fix?.join("\n")).toContain(
    "--role=projects/demo-1234/roles/paddockDatabaseMaker",
  );
  expect(findings[0]?.fix?.join("\n")).not.toContain("datastore.owner");
});

test("a name that Google has renamed blocks nothing, and hides no missing permission", async () => {
  const renamed = neededForMain.find(({ permission }) =>
    permission.startsWith("datastore.schemas"),
  );
  const before = renamed?.permission ?? "";
  try {
    Object.assign(renamed ?? {}, { permission: "datastore.renamed.create" });
    const all = await checked({});
    expect(all.findings.map(({ kind }) => kind)).toEqual(["unchecked"]);
    expect(all.findings[0]?.what).toContain("datastore.renamed.create");
    const fewer = await checked({ missingPermissions: ["run.jobs.create"] });
    expect(fewer.findings.map(({ kind }) => kind)).toEqual(["unchecked", "blocks"]);
  } finally {
    Object.assign(renamed ?? {}, { permission: before });
  }
});
