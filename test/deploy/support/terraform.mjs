/**
 * Replaces Terraform where there is no cloud to apply to. Its world is the fake Google: `apply`
 * creates the bucket and the state objects there, `plan` knows what was applied before. If the file
 * `stop-at` in its folder names a command (`apply bootstrap`), the deployment is killed after it.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const folder = process.env.STAND_IN_FOLDER ?? "";
const google = process.env.PADDOCK_DEPLOY_GOOGLE_ENDPOINT ?? "";
const [order = "", ...rest] = process.argv.slice(2);
const root = basename(process.cwd()) === "bootstrap" ? "bootstrap" : "main";
const appliedFile = join(folder, `applied-${root}`);
/** What was applied last, which outputs tell of wherever they are asked for. */
const appliedVariables = join(folder, `variables-${root}.json`);
appendFileSync(join(folder, "calls"), `terraform ${order} ${root} ${rest.join(" ")}\n`);

const json = (value) => console.log(JSON.stringify(value));
const variables = () => readFileSync("paddock.auto.tfvars.json", "utf8");
const digest = () => createHash("sha256").update(variables()).digest("hex");
const post = (path, body) =>
  fetch(`${google}/storage.googleapis.com${path}`, { method: "POST", body });
const { project_id: project = "" } = existsSync("paddock.auto.tfvars.json")
  ? JSON.parse(variables())
  : {};
const stateBucket = () => rest.find((word) => word.includes("bucket="))?.split("bucket=")[1];

const orders = {
  version: () => json({ terraform_version: process.env.VERSION }),
  async init() {
    if (!rest.includes("-migrate-state")) return;
    const query = `uploadType=media&name=${root}/default.tfstate`;
    await post(`/upload/storage/v1/b/${stateBucket()}/o?${query}`, "{}");
  },
  plan() {
    const isPartial = rest.some((word) => word.startsWith("-target="));
    writeFileSync("paddock.tfplan", JSON.stringify({ isDestroy: isDestroy(), isPartial }));
  },
  async show() {
    if (!rest.includes("paddock.tfplan")) return json(await stateNow());
    const planned = JSON.parse(readFileSync("paddock.tfplan", "utf8"));
    const isApplied = existsSync(appliedFile) && readFileSync(appliedFile, "utf8") === digest();
    const actions = planned.isDestroy ? ["delete"] : isApplied ? ["no-op"] : ["create"];
    const address = `module.some.google_thing.${root}`;
    const change = { address, module_address: "module.some", type: "google_thing" };
    const own = [{ ...change, change: { actions } }];
    if (root === "main" && !planned.isDestroy) own.push(...grants(), ...locks(isApplied));
    json({ resource_changes: own });
  },
  untaint: () => ask("untaint"),
  async apply() {
    const { isDestroy: ends, isPartial } = JSON.parse(readFileSync("paddock.tfplan", "utf8"));
    if (root === "main" && !ends) {
      const { error } = await ask(isPartial ? "grant" : "apply");
      if (error !== null) {
        console.error(`╷\n│ Error: ${error}\n│ \n│   with ${serviceAddress},\n╵`);
        process.exitCode = 1;
        return;
      }
    }
    if (isPartial) {
      writeFileSync(grantedFile, "granted");
      return;
    }
    if (root === "main") writeFileSync(grantedFile, "granted");
    writeFileSync(appliedFile, digest());
    writeFileSync(appliedVariables, variables());
    if (root === "main") {
      const query = "uploadType=media&name=main/default.tfstate";
      await post(`/upload/storage/v1/b/${project}-paddock-state/o?${query}`, "{}");
      return;
    }
    await post("/storage/v1/b", JSON.stringify({ name: `${project}-paddock-state` }));
    if (!existsSync("backend.tf.json")) return;
    const { path } = JSON.parse(readFileSync("backend.tf.json", "utf8")).terraform.backend.local;
    writeFileSync(path, "{}");
  },
  output() {
    const isTrial = root === "main" && JSON.parse(variables()).profile === "trial";
    const made = Object.entries({ ...outputs[root], ...(isTrial ? ofTrial : {}), ...beside() });
    const stated = made.filter(([, value]) => value !== undefined);
    json(Object.fromEntries(stated.map(([name, value]) => [name, { value }])));
  },
  state: () => undefined,
  import: () => undefined,
};

const isDestroy = () => rest.includes("-destroy");
const ask = async (what) =>
  await (await fetch(`${google}/stand-in.test/${what}`, { method: "POST" })).json();

const serviceAddress = 'module.functions.google_cloud_run_v2_service.default["keys"]';
const grantedFile = join(folder, "granted");

/** The state, in which a service whose first revision failed has a mark. */
async function stateNow() {
  const { isTainted } = root === "main" ? await ask("state") : { isTainted: false };
  const service = { address: serviceAddress, type: "google_cloud_run_v2_service", tainted: true };
  const module = { resources: isTainted ? [service] : [] };
  return { format_version: "1.0", values: { root_module: { child_modules: [module] } } };
}

function grants() {
  const address = 'module.functions.google_secret_manager_secret_iam_member.default["keys"]';
  const after = {
    secret_id: "peppers",
    role: "roles/secretmanager.secretAccessor",
    member: `serviceAccount:fn-keys@${project}.iam.gserviceaccount.com`,
  };
  const actions = [existsSync(grantedFile) ? "no-op" : "create"];
  const type = "google_secret_manager_secret_iam_member";
  return [{ address, module_address: "module.functions", type, change: { actions, after } }];
}

/** Buckets that the settings lock, until that was applied. */
function locks(isApplied) {
  if (JSON.parse(variables()).protection?.lock_logs !== true) return [];
  const address = 'module.logs.google_logging_project_bucket_config.default["audit"]';
  const after = { bucket_id: "paddock-audit", locked: true };
  const before = isApplied ? after : null;
  const change = { actions: [isApplied ? "no-op" : "create"], before, after };
  return [{ address, module_address: "module.logs", type: "google_logging", change }];
}

const record = { name: "_acme-challenge.api.example.com.", type: "CNAME", data: "x.goog." };
const gateways = { ...record, name: "_acme-challenge.gateway.api.example.com.", data: "y.goog." };
const outputs = {
  bootstrap: {
    state_bucket: "demo-1234-paddock-state",
    registry: "us-central1-docker.pkg.dev/demo-1234/paddock",
    build_bucket: "demo-1234-paddock-build",
    build_account: "build@demo-1234.iam.gserviceaccount.com",
    deploy_account: null,
    secrets: {
      peppers: "peppers",
      "gateway-tokens": "gateway-tokens",
      "mail-login": "mail-login",
      "provider-keys": "provider-keys",
    },
  },
  main: {
    url: "https://api.example.com",
    health_alert: "projects/demo-1234/alertPolicies/1",
    load_balancer_address: "192.0.2.7",
    dns_authorization_records: { edge: record, gateways },
    audiences: { operator: "https://api.example.com" },
    operator_account: "paddock-operator@demo-1234.iam.gserviceaccount.com",
  },
};

/** Bootstrap tells of the runners' project that it has made. */
function beside() {
  if (root !== "bootstrap") return {};
  const { runner_project: wanted } = JSON.parse(readFileSync(appliedVariables, "utf8"));
  return wanted ? { runner_project: { id: wanted.id, number: "210987654321" } } : {};
}

/** What a trial's outputs say instead; Terraform leaves out those that are null. */
const ofTrial = {
  url: "https://front-123456789012.us-central1.run.app",
  load_balancer_address: undefined,
  dns_authorization_records: {},
  audiences: { operator: "https://demo-1234.paddock.internal" },
};

await orders[order]?.();
const stopFile = join(folder, "stop-at");
if (existsSync(stopFile) && readFileSync(stopFile, "utf8") === `${order} ${root}`) {
  rmSync(stopFile);
  process.kill(process.ppid, "SIGKILL");
}
