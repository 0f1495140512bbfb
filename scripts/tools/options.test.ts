// @module-tag slow
import { spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { repositoryRoot } from "./repository.ts";

test.each(["build", "docs", "verify"])("npm run %s refuses an option it doesn't have", (name) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", `scripts/${name}.ts`, "--chekc"],
    { cwd: repositoryRoot, encoding: "utf8", timeout: 50_000 },
  );
  expect(stripVTControlCharacters(stderr)).toMatch(
    /^✗ Unknown option '--chekc'.*--help says what there is\.\n$/,
  );
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
});

test.each(["abc", "-1", "65536"])(
  "npm start refuses --port %s before it starts anything",
  (port) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", "scripts/start.ts", `--port=${port}`],
      { cwd: repositoryRoot, encoding: "utf8", timeout: 50_000 },
    );
    expect(stripVTControlCharacters(stderr)).toContain("✗ --port is a whole number up to 65535;");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  },
);
