/**
 * Checks that the Terraform configuration is well formed, valid and passes its own tests: in a
 * copy, every root with `init -backend=false` and `validate`, and folders that have `*.tftest.hcl`
 * with `test`.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { readOptions, refuse } from "../scripts/tools/options.ts";
import { forgetShell } from "../scripts/tools/plain-environment.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { isInShare, parseShare } from "../scripts/tools/shard.ts";
import { skippedCode } from "../scripts/tools/step.ts";
import { copyDeployment, rootsIn } from "./terraform/copy-deployment.ts";
import {
  type CommandResult,
  findTerraform,
  initialise,
  NoTerraform,
  runTerraform,
  type Terraform,
} from "./terraform/terraform.ts";

const usage = `
npm run check:terraform: form, validity and tests of the Terraform configuration

  --form-only   its form alone, which needs no provider
  --share 1/3   of all roots and all files of tests, every third one alone
  --help        this text

With the provider that Terraform downloads, or through the program that TERRAFORM_OFFLINE names.
Where there is neither it says so and ends with ${skippedCode}.
`;

// Else TF_VAR_… of a developer's shell would be values of the tests.
forgetShell();
const options = readOptions(usage, {
  "form-only": { type: "boolean", default: false },
  share: { type: "string", default: "1/1" },
});
const share =
  parseShare(options.share) ?? refuse("--share is two numbers, such as 1/3, the first no larger.");
try {
  process.exitCode = (await check(options["form-only"])) ? 0 : 1;
} catch (error) {
  if (!(error instanceof NoTerraform)) {
    refuse(`${error instanceof Error ? error.message : String(error)}.`);
  }
  console.log(`not checked: ${error.message}`);
  process.exitCode = skippedCode;
}

async function check(formOnly: boolean): Promise<boolean> {
  const terraform = findTerraform();
  const folder = join(repositoryRoot, "terraform");
  const format = ["fmt", "-check", "-recursive", "-diff"];
  const form = await runTerraform({ ...terraform, before: [] }, folder, format);
  const isFormed = report("form (else: terraform fmt -recursive terraform)", form);
  if (formOnly) return isFormed;
  const copy = copyDeployment(repositoryRoot, { localState: false });
  let allPassed = isFormed;
  const ready = new Set<string>();
  for (const part of partsOf(copy)) {
    const folder = join(copy, part.path);
    if (!ready.has(folder)) await initialise(terraform, folder, { backend: false });
    ready.add(folder);
    if (!(await checkPart(terraform, folder, part))) allPassed = false;
  }
  return allPassed;
}

/** A root, or one file of tests; a plan takes seconds, and some files have many. */
interface Part {
  /** The folder's path, relative to the copy. */
  readonly path: string;
  /** Null for the check whether the root is valid. */
  readonly testFile: string | null;
}

function partsOf(copy: string): Part[] {
  const tests = readdirSync(join(copy, "terraform"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name.endsWith(".tftest.hcl"))
    .map((entry) => ({ path: relative(copy, entry.parentPath), testFile: entry.name }));
  const roots = rootsIn(copy).map((path) => ({ path, testFile: null }));
  const parts = [...roots, ...tests.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))];
  return parts.filter((_part, position) => isInShare(position, share));
}

function keyOf({ path, testFile }: Part): string {
  return `${path}/${testFile ?? ""}`;
}

async function checkPart(terraform: Terraform, folder: string, part: Part): Promise<boolean> {
  const { path, testFile } = part;
  if (testFile === null) {
    const validated = await runTerraform(terraform, folder, ["validate", "-no-color"]);
    return report(`${path}: validate`, validated);
  }
  const test = ["test", "-no-color", `-filter=${testFile}`];
  return report(`${path}: ${testFile}`, await runTerraform(terraform, folder, test));
}

function report(title: string, { code, stdout, stderr }: CommandResult): boolean {
  console.log(`${code === 0 ? "passed" : "failed"}  ${title}`);
  if (code !== 0) console.log(`${stdout}${stderr}`);
  return code === 0;
}
