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
  plan: () => writeFileSync("paddock.tfplan", `${rest.includes("-destroy")}`),
  show() {
    const isDestroy = readFileSync("paddock.tfplan", "utf8") === "true";
    const isApplied = existsSync(appliedFile) && readFileSync(appliedFile, "utf8") === digest();
    const actions = isDestroy ? ["delete"] : isApplied ? ["no-op"] : ["create"];
    const address = `module.some.google_thing.${root}`;
    const change = { address, module_address: "module.some", type: "google_thing" };
    json({ resource_changes: [{ ...change, change: { actions } }] });
  },
  async apply() {
    writeFileSync(appliedFile, digest());
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
  output: () =>
    json(
      Object.fromEntries(Object.entries(outputs[root]).map(([name, value]) => [name, { value }])),
    ),
  state: () => undefined,
  import: () => undefined,
};

const record = { name: "_acme-challenge.api.example.com.", type: "CNAME", data: "x.goog." };
const outputs = {
  bootstrap: {
    state_bucket: "demo-1234-paddock-state",
    registry: "us-central1-docker.pkg.dev/demo-1234/paddock",
    build_bucket: "demo-1234-paddock-build",
    build_account: "build@demo-1234.iam.gserviceaccount.com",
    deploy_account: null,
    secrets: { peppers: "peppers", "gateway-tokens": "gateway-tokens" },
  },
  main: {
    url: "https://api.example.com",
    load_balancer_address: "192.0.2.7",
    dns_authorization_records: { edge: record },
    audiences: { operator: "https://api.example.com" },
    operator_account: "paddock-operator@demo-1234.iam.gserviceaccount.com",
  },
};

await orders[order]?.();
const stopFile = join(folder, "stop-at");
if (existsSync(stopFile) && readFileSync(stopFile, "utf8") === `${order} ${root}`) {
  rmSync(stopFile);
  process.kill(process.ppid, "SIGKILL");
}
