/**
 * Whether the Terraform configuration is well formed, valid and passes its own tests: every root
 * with `init -backend=false` and `validate`, folders with `*.tftest.hcl` with `test`, in a copy.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { copyDeployment, rootsIn } from "./terraform/copy-deployment.ts";
import {
  findTerraform,
  initialise,
  NoTerraform,
  type Outcome,
  runTerraform,
  type Terraform,
} from "./terraform/terraform.ts";
import { readOptions, refuse } from "./tools/options.ts";
import { repositoryRoot } from "./tools/repository.ts";
import { isInShare, parseShare } from "./tools/share.ts";
import { skippedCode } from "./tools/step.ts";

const usage = `
npm run check:terraform: form, validity and tests of the Terraform configuration

  --form-only   its form alone, which needs no provider
  --share 1/3   of all roots and all places that have tests, every third one alone
  --help        this text

With the provider that Terraform downloads, or through the program that TERRAFORM_OFFLINE names.
Where there is neither it says so and ends with ${skippedCode}.
`;

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
  for (const place of placesIn(copy)) {
    if (!(await checkPlace(terraform, copy, place))) allPassed = false;
  }
  return allPassed;
}

interface Place {
  readonly path: string;
  readonly isTested: boolean;
}

function placesIn(copy: string): Place[] {
  const withTests = readdirSync(join(copy, "terraform"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.name.endsWith(".tftest.hcl"))
    .map((entry) => relative(copy, entry.parentPath).replace(/\/tests$/, ""));
  const paths = [...new Set([...rootsIn(copy), ...withTests])];
  const places = paths.map((path) => ({ path, isTested: withTests.includes(path) }));
  return places.filter((_place, position) => isInShare(position, share));
}

async function checkPlace(
  terraform: Terraform,
  copy: string,
  { path, isTested }: Place,
): Promise<boolean> {
  const folder = join(copy, path);
  await initialise(terraform, folder, { backend: false });
  const validated = await runTerraform(terraform, folder, ["validate", "-no-color"]);
  if (!report(`${path}: validate`, validated) || !isTested) return validated.code === 0;
  return report(`${path}: test`, await runTerraform(terraform, folder, ["test", "-no-color"]));
}

function report(title: string, { code, stdout, stderr }: Outcome): boolean {
  console.log(`${code === 0 ? "passed" : "failed"}  ${title}`);
  if (code !== 0) console.log(`${stdout}${stderr}`);
  return code === 0;
}
