import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { runnerProjectTitle } from "./runner-project.ts";

test("a project of an earlier run is known by the name that bootstrap gives it", () => {
  const path = join(repositoryRoot, "terraform/bootstrap/runner-project.tf");
  const [, name] = /name\s+= "([^"]+)"/.exec(readFileSync(path, "utf8")) ?? [];
  expect(name).toBe(runnerProjectTitle);
});
