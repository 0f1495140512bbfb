/** Links, commands, named tests and alerts' runbooks in pages lead somewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { repositoryRoot as root } from "../scripts/tools/repository.ts";
import { repositoryFiles } from "./tidy/repository-files.ts";

const Package = z.object({ scripts: z.record(z.string(), z.string()) });
const { scripts } = Package.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

const files = repositoryFiles(root);
const pages = files
  .filter((path) => path.endsWith(".md"))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

/** GitHub's anchor for a heading. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Why a link of the page at `path` leads nowhere; null if it does. */
function faultOf(path: string, target: string): string | null {
  if (/^[a-z]+:/.test(target)) return null;
  const [file = "", anchor] = target.split("#");
  const found = file === "" ? join(root, path) : join(root, dirname(path), file);
  if (!existsSync(found)) return `${path}: ${target} isn't there`;
  if (anchor === undefined || !found.endsWith(".md")) return null;
  if (anchorsOf(readFileSync(found, "utf8")).includes(anchor)) return null;
  return `${path}: ${relative(root, found)} has no heading for #${anchor}`;
}

test("every link to a file or a heading leads there", () => {
  const faults = pages.flatMap(({ path, text }) => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    return links.map((target) => faultOf(path, target)).filter((fault) => fault !== null);
  });
  expect(faults).toEqual([]);
});

test("every npm command that is named exists", () => {
  const faults = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run ([a-z][a-z:-]*)/g)]
      .map(([, name = ""]) => name.replace(/:$/, ""))
      .filter((name) => scripts[name] === undefined)
      .map((name) => `${path}: npm run ${name}`),
  );
  expect(faults).toEqual([]);
});

test("every test that is named exists", () => {
  const tests = files.filter((name) => name.includes(".test."));
  const faults = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm test -- ([a-z][\w/.-]*)/g)]
      .map(([, part = ""]) => part)
      .filter((part) => !tests.some((file) => file.includes(part)))
      .map((part) => `${path}: npm test -- ${part}`),
  );
  expect(faults).toEqual([]);
});

test("every alert's runbook is a heading of docs/operate.md", () => {
  const folder = join(root, "terraform", "modules", "watch");
  const text = readdirSync(folder)
    .filter((name) => name.endsWith(".tf"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const named = [...text.matchAll(/runbook\s*=\s*"([a-z-]+)"|runbook_url\}#([a-z-]+)/g)];
  const runbooks = named.map(([, stated, linked]) => stated ?? linked ?? "");
  expect(runbooks.length).toBeGreaterThan(5);
  const anchors = anchorsOf(readFileSync(join(root, "docs/operate.md"), "utf8"));
  expect(runbooks.filter((name) => !anchors.includes(name))).toEqual([]);
});
