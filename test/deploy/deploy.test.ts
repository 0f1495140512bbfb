/** A whole deployment, step by step, with a fake Google and a fake Terraform. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isTurn } from "../kit/shard.ts";
import { type Deployment, makeDeployment, soundWorld } from "./support/deployment.ts";

const bucket = "demo-1234-paddock-state";
let made: Deployment;
beforeEach(async () => {
  made = await makeDeployment();
});
afterEach(async () => {
  await made.end();
});

const deploy = async (...args: string[]) => await made.run(["--yes", "--no-smoke", ...args]);
const releases = () =>
  Object.keys(made.google.world.objects).filter((name) => /^releases\/[^.]+\.json$/.test(name));
const times = (order: string) => made.calls().filter((call) => call.startsWith(order)).length;

/** Everything that a run leaves on this machine, by file. */
function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe("OPS-2 one command", () => {
  test.runIf(isTurn(0, 4))(
    "takes an empty project to a release, and a second time changes nothing",
    async () => {
      const first = await deploy();
      expect(first.output).toMatch(/✓ release \d{8}T\d{9}Z-/);
      expect(first.code).toBe(0);
      const world = made.google.world;
      expect(Object.keys(world.buckets)).toEqual([bucket]);
      expect(world.objects["bootstrap/default.tfstate"]).toBeDefined();
      expect(world.objects["main/default.tfstate"]).toBeDefined();
      expect(releases().length).toBe(1);
      const kept = join(made.folder, "kept/demo-1234/terraform/paddock.auto.tfvars.json");
      expect(readFileSync(kept, "utf8")).toContain('"health_alert": false');
      const second = await deploy();
      expect(second.code).toBe(0);
      expect(second.output.match(/nothing to change/g)?.length).toBe(2);
      expect(releases().length).toBe(1);
      // Bootstrap, the grants that services need, and the rest.
      expect(times("terraform apply")).toBe(3);
      expect(times("gcloud builds submit")).toBe(1);
      expect(world.secrets.peppers?.length).toBe(1);
    },
  );

  test.runIf(isTurn(2, 4))(
    "goes on where it was killed, without making anything twice",
    async () => {
      for (const order of ["apply bootstrap", "init bootstrap", "apply main"]) {
        made.stopAt(order);
        expect((await deploy()).code, order).not.toBe(0);
      }
      const last = await deploy();
      expect(last.output).toContain("✓ release");
      expect(last.code).toBe(0);
      expect(releases().length).toBe(1);
      expect(times("gcloud builds submit")).toBe(1);
      for (const [name, versions] of Object.entries(made.google.world.secrets)) {
        expect(versions.length, name).toBe(1);
      }
    },
  );

  test("stops without a terminal before anything is made", async () => {
    const ended = await made.run(["--no-smoke"]);
    expect(ended.output).toContain("There is no terminal to ask in");
    expect(ended.code).toBe(1);
    expect(made.google.changes()).toEqual([]);
    expect(times("terraform apply")).toBe(0);
  });

  test.runIf(isTurn(1, 8))(
    "leaves bootstrap alone where it is told to, and reads what it made",
    async () => {
      expect((await deploy("--skip-bootstrap")).output).toContain("Bootstrap hasn't been applied");
      await deploy();
      const before = times("terraform apply bootstrap");
      expect((await deploy("--skip-bootstrap")).code).toBe(0);
      expect(times("terraform apply bootstrap")).toBe(before);
      expect(times("terraform plan bootstrap")).toBe(1);
    },
  );

  test.runIf(isTurn(3, 8))("says so if the state is on another machine", async () => {
    made.google.world.buckets[bucket] = made.google.world.number;
    const ended = await deploy();
    expect(ended.output).toContain(
      "exists, but holds no state: a run on another machine didn't finish",
    );
    expect(ended.code).toBe(1);
  });
});

describe("SEC-2 the deployment's own secrets", () => {
  test.runIf(isTurn(3, 8))("exist only in Secret Manager, and are strong", async () => {
    const { output } = await deploy();
    const { secrets } = made.google.world;
    // What others issue, such as a login for mail, begins empty; what we make is strong.
    const empty = Buffer.from("{}").toString("base64");
    expect(secrets["mail-login"]).toEqual([empty]);
    expect(secrets["provider-keys"]).toEqual([empty]);
    const ours = [...(secrets.peppers ?? []), ...(secrets["gateway-tokens"] ?? [])];
    expect(ours.length).toBe(2);
    for (const value of ours) {
      const file = JSON.parse(Buffer.from(value, "base64").toString());
      const pepper = file.keys[file.current];
      expect(pepper).toMatch(/^[0-9a-f]{64}$/);
      const seen = [output, made.calls().join("\n"), JSON.stringify(made.google.world.objects)];
      for (const path of filesUnder(made.folder)) seen.push(readFileSync(path, "latin1"));
      for (const text of seen) {
        expect(text.includes(pepper)).toBe(false);
        expect(text.includes(value)).toBe(false);
      }
    }
  });

  test.runIf(isTurn(7, 8))("are mounted at the newest version, which a rotation adds", async () => {
    await deploy();
    made.google.world.secrets.peppers?.push("another");
    const ended = await deploy();
    expect(ended.output).toContain("peppers version 2, gateway tokens 1");
    expect(releases().length).toBe(2);
  });
});

describe("rollback", () => {
  const image = (digit: string) => `example.com/i@sha256:${digit.repeat(64)}`;
  const images = (digit: string) => [
    ...["--image", `functions=${image(digit)}`],
    ...["--image", `runner=${image(digit)}`],
  ];

  test.runIf(isTurn(5, 8))(
    "brings back the images before, keeps newer secrets, and can be repeated",
    async () => {
      for (const digit of ["a", "b", "c"]) await deploy(...images(digit));
      made.google.world.secrets.peppers?.push("another");
      const back = async () => {
        const ended = await deploy("--rollback");
        expect(ended.code, ended.output).toBe(0);
        const kept = join(
          made.folder,
          "kept",
          "demo-1234",
          "terraform",
          "paddock.auto.tfvars.json",
        );
        return JSON.parse(readFileSync(kept, "utf8"));
      };
      const once = await back();
      expect(once.images.functions).toBe(image("b"));
      expect(once.secret_versions.peppers).toBe("2");
      expect((await back()).images.functions).toBe(image("a"));
      expect((await deploy("--rollback")).output).toContain("There is no release before");
      expect((await deploy("--releases")).output.match(/not tried out/g)?.length).toBe(5);
    },
  );
});

describe("destroy", () => {
  test.runIf(isTurn(7, 8))(
    "says what outlives it, and refuses while protection is on",
    async () => {
      await deploy();
      const ended = await deploy("--destroy");
      expect(ended.output).toContain("KMS: key ring and keys keep their names for good");
      expect(ended.output).toContain("Protection is on");
      expect(ended.code).toBe(1);
      expect(times("terraform plan main -input=false -out=paddock.tfplan -destroy")).toBe(0);
    },
  );

  test.runIf(isTurn(0, 8))(
    "names what will be destroyed, and needs an explicit confirmation",
    async () => {
      const file = join(made.folder, "variables.json");
      writeFileSync(file, JSON.stringify({ protection: { delete: false } }));
      await deploy("--var-file", file);
      const asked = await made.run(["--destroy"]);
      expect(asked.output).toContain("destroys: module.some.google_thing.main");
      expect(asked.code).toBe(1);
      expect((await deploy("--destroy")).code).toBe(0);
    },
  );

  test.runIf(isTurn(4, 8))(
    "leaves keys that the next deployment takes over, with a version again",
    async () => {
      const ring = "projects/demo-1234/locations/us-east4/keyRings/paddock";
      const name = `${ring}/cryptoKeys/audit-details`;
      const key = { name, purpose: "ENCRYPT_DECRYPT", primary: { state: "DESTROYED" } };
      Object.assign(made.google.world, { keyRing: "us-east4", keys: [key] });
      const file = join(made.folder, "variables.json");
      writeFileSync(file, JSON.stringify({ location: "us-east4" }));
      const ended = await deploy("--var-file", file);
      expect(ended.output).toContain("took over the key ring");
      expect(made.calls().filter((call) => call.startsWith("terraform import")).length).toBe(2);
      expect(ended.output).toContain("audit-details has a version again");
      expect(key.primary.state).toBe("ENABLED");
    },
  );
});

describe("--dry-run", () => {
  test.runIf(isTurn(2, 4))(
    "explains every step on a machine without anything, and changes nothing",
    async () => {
      await made.end();
      made = await makeDeployment({}, { terraform: null, gcloud: false });
      const environment = { GOOGLE_OAUTH_ACCESS_TOKEN: "" };
      const { code, output } = await made.run(["--dry-run"], environment);
      const steps = ["1. Bootstrap", "2. Secrets", "3. Images", "4. Infrastructure", "5. Domain"];
      const places = [...steps, "6. Smoke test", "Nothing was changed"].map((text) =>
        output.indexOf(text),
      );
      expect(places.every((place) => place > 0)).toBe(true);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(output).toContain("Without these credentials nobody could look");
      expect(output).toContain("terraform apply paddock.tfplan");
      expect(code).toBe(0);
      expect(made.google.changes()).toEqual([]);
      expect(made.calls()).toEqual([]);
    },
  );

  test.runIf(isTurn(3, 8))("knows what is there already", async () => {
    await deploy();
    const before = made.google.changes().length;
    const { output } = await made.run(["--dry-run"]);
    expect(output).toContain("goes on with the state in the bucket");
    expect(output).toContain("in force now:");
    expect(made.google.changes().length).toBe(before);
  });
});

describe("--plan", () => {
  test.runIf(isTurn(1, 8))(
    "shows what would change, without a lock, a build or a change",
    async () => {
      await deploy();
      const before = made.google.changes().length;
      const { code, output } = await made.run(["--plan"]);
      expect(output).toContain("Plan, against the release");
      expect(code).toBe(0);
      expect(made.calls().at(-2)).toContain("-refresh=false -lock=false");
      expect(made.google.changes().length).toBe(before);
    },
  );
});

describe("a deployment whose smoke test fails", () => {
  test.runIf(isTurn(4, 8))("says so, and how to go back; its release hasn't passed", async () => {
    const ended = await made.run(["--yes"], { PADDOCK_DEPLOY_WAIT_MS: "0" });
    expect(ended.output).toContain("✗ health");
    expect(ended.output).toMatch(/checks failed\. To go back: .* --rollback/);
    expect(ended.code).toBe(1);
    expect((await deploy("--releases")).output).toContain("not tried out");
  });
});

describe("a domain that isn't pointed here", () => {
  test.runIf(isTurn(6, 8))(
    "is shown its records, and the run ends as not finished yet",
    async () => {
      await made.end();
      made = await makeDeployment({ dns: {}, certificateState: "PROVISIONING" });
      const ended = await made.run(["--yes", "--no-smoke"], { PADDOCK_DEPLOY_WAIT_MS: "200" });
      expect(ended.output).toContain("api.example.com. 300 IN A 192.0.2.7");
      expect(ended.output).toContain("_acme-challenge.api.example.com. 300 IN CNAME x.goog.");
      expect(ended.output).toContain(
        "_acme-challenge.gateway.api.example.com. 300 IN CNAME y.goog.",
      );
      expect(ended.output).toContain("Then run the same command again.");
      expect(ended.code).toBe(3);
      // Every later run shows what is still missing, before it does anything.
      const seen = await made.run(["--preflight"]);
      expect(seen.output).toContain("api.example.com. 300 IN A 192.0.2.7");
      expect(seen.output.match(/300 IN CNAME/g)?.length).toBe(2);
      Object.assign(made.google.world, { dns: soundWorld().dns, certificateState: "ACTIVE" });
      expect((await deploy()).code).toBe(0);
    },
  );
});
