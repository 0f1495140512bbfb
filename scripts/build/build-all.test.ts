import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { repositoryRoot } from "../tools/repository.ts";
import { buildAll } from "./build-all.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "paddock-build-"));
  for (const name of ["package.json", "package-lock.json", "tsconfig.json"]) {
    cpSync(join(repositoryRoot, name), join(root, name));
  }
  symlinkSync(join(repositoryRoot, "node_modules"), join(root, "node_modules"));
  write(
    "shared/pipeline/serve.ts",
    `export function serve(s: { name: string }, host = () => ({ deps: "" })) {
      console.log(s.name, "listens", host().deps);
    }`,
  );
  write("shared/pipeline/deps.ts", 'export const realDeps = () => "with a database";');
  write(
    "shared/pipeline/owner-request-security.ts",
    "export const requestSecurity = (deps: string) => deps;",
  );
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

function writeFunction(
  name: string,
  endpoint: string,
  {
    folder = name,
    roles = [],
    timeoutSeconds = 60,
    ...stated
  }: {
    folder?: string;
    roles?: readonly string[];
    authenticate?: string;
    everyMs?: number;
    timeoutSeconds?: number;
  } = {},
): void {
  const path = endpoint.split(" ")[1] ?? "";
  const service = {
    name,
    summary: "Things.",
    visibility: "edge",
    routes: [
      {
        endpoint,
        method: endpoint.split(" ")[0],
        paths: [path, path.replace("/v1", "")],
        authenticate: "api-key",
        scope: "none",
        body: "none",
        bodyBytesMax: 0,
        requestClass: "none",
        streams: false,
        summary: "Reads a thing.",
        ...stated,
      },
    ],
    limits: { concurrency: 80, instancesMax: 10, memoryMib: 512, timeoutSeconds },
    roles,
  };
  write(`functions/${folder}/index.ts`, `export const service = ${JSON.stringify(service)};`);
}

describe("buildAll()", () => {
  test("makes a bundle that starts what its function declares", async () => {
    writeFunction("things", "GET /v1/things/:id");
    await buildAll(root);
    const bundle = join(root, "dist/functions/things.cjs");
    const { stdout } = spawnSync(process.execPath, [bundle], { encoding: "utf8" });
    expect(stdout.trim()).toBe("things listens");
  });

  test("puts the database's client only into bundles that have a role", async () => {
    writeFunction("things", "GET /v1/things");
    writeFunction("stored", "GET /v1/stored", { roles: ["firestore.main"] });
    await buildAll(root);
    const bundle = (name: string) => readFileSync(join(root, `dist/functions/${name}.cjs`), "utf8");
    expect(bundle("stored")).toContain("with a database");
    expect(bundle("things")).not.toContain("with a database");
  });

  test("lists a function with its routes, both spellings of their paths included", async () => {
    writeFunction("things", "GET /v1/things/:id");
    await buildAll(root);
    const list = JSON.parse(readFileSync(join(root, "dist/functions.json"), "utf8"));
    expect(list.functions.things).toMatchObject({
      bundle: "functions/things.cjs",
      routes: [
        {
          method: "GET",
          path: "/v1/things/:id",
          paths: ["/v1/things/:id", "/things/:id"],
          scope: null,
        },
      ],
    });
  });

  test("does nothing while no input has changed, and builds again when one has", async () => {
    writeFunction("things", "GET /v1/things");
    expect((await buildAll(root)).built).toBe(true);
    expect((await buildAll(root)).built).toBe(false);
    write("shared/more.ts", "export const more = 1;");
    expect((await buildAll(root)).built).toBe(true);
  });

  test("is deterministic: the same sources make the same bytes", async () => {
    writeFunction("things", "GET /v1/things");
    const bytes = () => readFileSync(join(root, "dist/functions/things.cjs"));
    await buildAll(root);
    const first = bytes();
    rmSync(join(root, "dist"), { recursive: true });
    await buildAll(root);
    expect(bytes().equals(first)).toBe(true);
  });

  test("refuses a route that two functions claim, whatever they call its parameters", async () => {
    writeFunction("things", "GET /v1/things/:id");
    writeFunction("more", "GET /v1/things/:name");
    await expect(buildAll(root)).rejects.toThrow(
      "GET /v1/things/:id is claimed twice: by more and by things",
    );
  });

  test("refuses a service whose name isn't its folder's", async () => {
    writeFunction("things", "GET /v1/things", { folder: "stuff" });
    await expect(buildAll(root)).rejects.toThrow('service.name is "things", its folder "stuff"');
  });

  test("lists when the scheduler calls a route", async () => {
    writeFunction("things", "POST /v1/sweep", { authenticate: "scheduler", everyMs: 5_000 });
    await buildAll(root);
    const list = JSON.parse(readFileSync(join(root, "dist/functions.json"), "utf8"));
    expect(list.functions.things.routes).toMatchObject([{ everyMs: 5_000, cron: "* * * * *" }]);
  });

  test.each([
    [{ authenticate: "scheduler" }, "everyMs belongs to what the scheduler calls"],
    [{ everyMs: 5_000 }, "everyMs belongs to what the scheduler calls"],
    [{ authenticate: "scheduler", everyMs: 420_000 }, "divides neither an hour nor a day"],
    [
      { authenticate: "scheduler", everyMs: 60_000, timeoutSeconds: 1_800 },
      "timeoutSeconds is at most 1790",
    ],
  ])("refuses a route that states %j", async (stated, refusal) => {
    writeFunction("things", "POST /v1/sweep", stated);
    await expect(buildAll(root)).rejects.toThrow(refusal);
  });

  test("lists a job of the runner for each size and network mode, one for equal sizes", async () => {
    writeFunction("things", "GET /v1/things");
    await buildAll(root);
    const { jobs } = JSON.parse(readFileSync(join(root, "dist/runner.json"), "utf8"));
    expect(Object.keys(jobs)).toHaveLength(9);
    expect(jobs["runner-power-allowlist"]).toEqual({
      profile: "power",
      network: "allowlist",
      cpuMillis: 4_000,
      memoryMib: 8_192,
    });
  });

  test("says where a declaration is malformed", async () => {
    write("functions/things/index.ts", 'export const service = { name: "things" };');
    await expect(buildAll(root)).rejects.toThrow("functions/things/index.ts: service.summary:");
  });
});
