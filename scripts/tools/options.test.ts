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

test("an option that takes one value is refused twice", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "scripts/start.ts", "--port=1", "--port=2"],
    { cwd: repositoryRoot, encoding: "utf8", timeout: 50_000 },
  );
  expect(stripVTControlCharacters(stderr)).toContain("✗ --port is given twice.");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
});

test.each(["use", "use k2 k3", "list k1"])("npm run peppers refuses the words %s", (words) => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "scripts/peppers.ts",
      "--file=/dev/null",
      ...words.split(" "),
    ],
    { cwd: repositoryRoot, encoding: "utf8", timeout: 50_000 },
  );
  expect(stripVTControlCharacters(stderr)).toMatch(/^✗ (Name one pepper|"list" takes no name)/);
  expect(status).toBe(2);
});
