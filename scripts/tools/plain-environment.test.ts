import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forgetShell } from "./plain-environment.ts";
import { repositoryRoot } from "./repository.ts";

const ofShell = {
  FORCE_COLOR: "1",
  // As inside a hook of the developer's own repository.
  GIT_DIR: "/nowhere/.git",
  GIT_INDEX_FILE: "/nowhere/.git/index",
  LANG: "tr_TR.UTF-8",
  NODE_ENV: "production",
  ANTHROPIC_API_KEY: "of the developer",
  PADDOCK_API_KEY: "of the developer",
  PADDOCK_BIND: "0.0.0.0",
  K_SERVICE: "of the developer",
  TF_VAR_project_id: "of-the-developer",
};

test("what the shell sets for other programs is forgotten, and what a run needs is kept", () => {
  const kept = { PATH: "/bin", HOME: "/home", PADDOCK_LONG: "1", https_proxy: "http://proxy.test" };
  const environment = { ...ofShell, ...kept };
  forgetShell(environment);
  expect(environment).toEqual(kept);
});

test("a run of vitest begins with that", () => {
  const config = JSON.stringify(join(repositoryRoot, "vitest.config.ts"));
  const script = `await import(${config}); console.log(Object.keys(process.env).join());`;
  const env = { ...process.env, ...ofShell };
  const args = ["--input-type=module", "--eval", script];
  const names = execFileSync(process.execPath, args, { env, encoding: "utf8" }).trim().split(",");
  expect(names).toContain("PATH");
  expect(names.filter((name) => name in ofShell)).toEqual([]);
});
