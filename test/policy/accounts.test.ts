/** Who may do what, and that nobody has more rights than the code asks for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listFunctions } from "../../scripts/build/function-list.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { bucketGrants } from "./support/bucket-grants.ts";
import { isPlanned, type PlannedResource, planOf } from "./support/plan.ts";

const { functions } = await listFunctions(repositoryRoot);
const accountOf = (name: string) => `fn-${name}@paddock-test.iam.gserviceaccount.com`;
const having = (role: string) =>
  Object.entries(functions)
    .filter(([, { roles }]) => roles.includes(role))
    .map(([name]) => name);

/** Every grant in the plan, those of buckets' policies too. */
function grants(): readonly PlannedResource[] {
  const members = planOf("main")
    .resources()
    .filter(({ type }) => /_iam_(member|binding)$/.test(type));
  const type = "google_storage_bucket_iam_policy";
  const inBuckets = bucketGrants("main").map((values) => ({ type, values: { ...values } }));
  return [
    ...members,
    ...inBuckets.map((grant) => ({
      ...grant,
      address: type,
      name: type,
      mode: "managed" as const,
    })),
  ];
}

/** Functions that have a role, by what it is granted on. */
function holders(role: string, matches: (values: PlannedResource["values"]) => boolean): string[] {
  const members = grants()
    .filter(({ values }) => values.role === role && matches(values))
    .map(({ values }) => String(values.member).replace(/^serviceAccount:fn-(.+)@.+$/, "$1"));
  return [...new Set(members)].sort();
}

const everything = () => true;

describe.skipIf(!isPlanned)("OPS-1 least privilege", () => {
  test.each(Object.keys(functions))("%s has an account of its own", (name) => {
    const { values } = planOf("main").resource(
      `module.functions.google_cloud_run_v2_service.default["${name}"]`,
    );
    expect(values.template).toMatchObject([{ service_account: accountOf(name) }]);
    const accounts = planOf("main").resources("google_service_account");
    expect(accounts.filter((account) => account.values.account_id === `fn-${name}`)).toHaveLength(
      1,
    );
  });

  test("only what the code lets dispatch may start jobs, and the others only stop them", () => {
    const starters = ["jobsExecutorWithOverrides", "jobsExecutor", "developer", "admin", "invoker"];
    const holding = starters.flatMap((role) => holders(`roles/run.${role}`, everything));
    expect([...new Set(holding)].sort()).toEqual(having("jobs.run"));
    const stopper = "projects/paddock-test/roles/executionStopper";
    expect(holders(stopper, everything)).toEqual(having("jobs.cancel"));
    const { values } = planOf("bootstrap").resource(
      'google_project_iam_custom_role.default["executionStopper"]',
    );
    expect(values.permissions).not.toContain("run.jobs.run");
  });

  test("runners and Scheduler hold no role at all", () => {
    const named = grants().map(({ values }) => String(values.member));
    expect(named.filter((member) => /:(runner|scheduler)@/.test(member))).toEqual([]);
  });

  test("no right is granted to all users", () => {
    expect(planOf("main").text).not.toMatch(/allUsers|allAuthenticatedUsers/);
  });

  test("OPS-10 a bucket is opened to functions alone: to no owner, editor or viewer of the project", () => {
    const buckets = planOf("main").resources("google_storage_bucket");
    const policies = planOf("main").resources("google_storage_bucket_iam_policy");
    expect(policies.map(({ index }) => index).sort()).toEqual(
      buckets.map(({ index }) => index).sort(),
    );
    const strangers = bucketGrants("main").filter(
      ({ member }) => !/^serviceAccount:fn-/.test(member),
    );
    expect(strangers).toEqual([]);
    // A person who applies bootstrap keeps its state there.
    const ofState = bucketGrants("workflows").filter(({ member }) => /^project/.test(member));
    expect(new Set(ofState.map(({ member }) => member))).toEqual(
      new Set(["projectOwner:paddock-test"]),
    );
  });

  test("nothing but the databases is granted on the project, and each by a condition", () => {
    const onProject = grants().filter(({ type }) => type.startsWith("google_project_iam"));
    const ofFunctions = onProject.filter(({ values }) => /:fn-/.test(String(values.member)));
    expect(ofFunctions.length).toBeGreaterThan(0);
    for (const { values } of ofFunctions) {
      expect(values.role).toBe("roles/datastore.user");
      const [condition] = values.condition as { expression: string }[];
      expect(condition?.expression).toMatch(
        /^resource\.name == "projects\/paddock-test\/databases\/(\(default\)|keys)"$/,
      );
    }
  });

  test("the log of requests is read through its own view, by what searches it alone", () => {
    const views = grants().filter(({ type, values }) => {
      return type === "google_logging_log_view_iam_member" && /:fn-/.test(String(values.member));
    });
    expect(views.map(({ values }) => values)).toMatchObject(
      having("logs.access").map((name) => ({
        member: `serviceAccount:${accountOf(name)}`,
        role: "roles/logging.viewAccessor",
        bucket: "paddock-access",
        name: "paddock-access",
      })),
    );
    const others = grants().filter(({ values }) => /^roles\/logging\./.test(String(values.role)));
    const ofFunctions = others.filter(({ values }) => /:fn-/.test(String(values.member)));
    expect(
      ofFunctions.filter(({ values }) => !/viewAccessor|logWriter/.test(String(values.role))),
    ).toEqual([]);
  });

  test("a database is opened to those whose code asks for it", () => {
    const on = (database: string) => (values: PlannedResource["values"]) =>
      JSON.stringify(values.condition).includes(`databases/${database}\\"`);
    expect(holders("roles/datastore.user", on("(default)"))).toEqual(having("firestore.main"));
    expect(holders("roles/datastore.user", on("keys"))).toEqual(having("firestore.keys"));
  });

  test("workspace objects can be deleted by what collects them alone, and listed owner by owner", () => {
    const onObjects = bucketGrants("main").filter(({ bucket }) => bucket === "workspaces");
    const object = `resource.name.startsWith("projects/_/buckets/paddock-test-workspaces/objects/owners/")`;
    const list = `api.getAttribute("storage.googleapis.com/objectListPrefix", "").startsWith("owners/")`;
    for (const { expression } of onObjects) expect(expression).toBe(`${object} || ${list}`);
    expect([...new Set(onObjects.map(({ role }) => role))].sort()).toEqual([
      "roles/storage.objectCreator",
      "roles/storage.objectUser",
      "roles/storage.objectViewer",
    ]);
    expect(holders("roles/storage.objectUser", everything)).toEqual(having("objects.collect"));
  });

  test.each(Object.entries(functions))(
    "%s mounts the secrets its code names",
    (name, { roles }) => {
      const wanted = roles.filter((role) => role.startsWith("secret."));
      const { values } = planOf("main").resource(
        `module.functions.google_cloud_run_v2_service.default["${name}"]`,
      );
      const [template] = values.template as { volumes: { name: string; secret: object[] }[] }[];
      const mounted = template?.volumes ?? [];
      expect(mounted.map((volume) => `secret.${volume.name}`)).toEqual(wanted);
      for (const { secret } of mounted) {
        expect(secret).toMatchObject([{ items: [{ version: expect.stringMatching(/^\d+$/) }] }]);
      }
    },
  );

  test("docs/accounts.md names every account, role and reason, and no other", () => {
    // A trial has two accounts more, and otherwise fewer than the others.
    const listed = (["main", "trial"] as const).flatMap(
      (name) => planOf(name).outputs.accounts as Record<string, string>[],
    );
    const planned = listed.map(({ account, role, reason }) =>
      [account?.split("@")[0], role?.replace(/^projects\/[^/]+\/roles\//, ""), reason].join(" | "),
    );
    const page = readFileSync(join(repositoryRoot, "docs/accounts.md"), "utf8");
    const rows = page.split("\n").filter((line) => line.startsWith("| `"));
    const written = rows.map((row) => {
      const [, account, role, , reason] = row
        .split("|")
        .map((cell) => cell.replaceAll("`", "").trim());
      return [account, role, reason].join(" | ");
    });
    expect(new Set(written)).toEqual(new Set(planned));
  });

  test("every grant is in the list of accounts, with a reason", () => {
    const listed = planOf("main").outputs.accounts as Record<string, string>[];
    for (const { account, reason, resource, role } of listed) {
      for (const word of [account, reason, resource, role]) expect(word).toMatch(/\S/);
    }
    const rows = new Set(listed.map(({ account, role }) => `serviceAccount:${account} ${role}`));
    const granted = grants()
      .filter(({ values }) => /@paddock-test\.iam/.test(String(values.member)))
      .map(({ values }) => `${values.member} ${values.role}`);
    expect(granted.filter((grant) => !rows.has(grant))).toEqual([]);
    const accounts = planOf("main").resources("google_service_account");
    const known = new Set(listed.map(({ account }) => account?.split("@")[0]));
    expect(
      accounts.map(({ values }) => values.account_id).filter((id) => !known.has(String(id))),
    ).toEqual([]);
  });
});

describe.skipIf(!isPlanned)("SEC-3 secrets are opened by one function", () => {
  const opener = "roles/cloudkms.cryptoKeyDecrypter";
  const on = (purpose: string) => (values: PlannedResource["values"]) =>
    String(values.crypto_key_id).endsWith(`/cryptoKeys/${purpose}`);

  test("runner-gateway alone opens those of environments", () => {
    expect(holders(opener, on("environment-secrets"))).toEqual(["runner-gateway"]);
  });

  test("model-gateway alone reads the keys of model providers", () => {
    const isOfModels = ({ secret_id: id }: PlannedResource["values"]) => id === "provider-keys";
    expect(holders("roles/secretmanager.secretAccessor", isOfModels)).toEqual(["model-gateway"]);
  });

  test("an account that wraps a purpose's keys doesn't open them", () => {
    for (const name of Object.keys(functions)) {
      for (const purpose of ["environment-secrets", "audit-details", "trigger-secrets"]) {
        const wraps = holders("roles/cloudkms.cryptoKeyEncrypter", on(purpose)).includes(name);
        expect(wraps && holders(opener, on(purpose)).includes(name), `${name}: ${purpose}`).toBe(
          false,
        );
      }
    }
  });

  test("no role does both, and none is held on the ring or the project", () => {
    const roles = grants()
      .filter(({ values }) => /cloudkms/.test(String(values.role)))
      .map(({ type, values }) => `${type} ${values.role}`);
    expect(roles.filter((role) => /EncrypterDecrypter|admin/.test(role))).toEqual([]);
    expect(roles.filter((role) => !role.startsWith("google_kms_crypto_key_iam_"))).toEqual([]);
  });
});
