import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { checkTerraform } from "./tools.ts";

/** What is found where a Terraform of that version is installed. */
async function found(variables: Readonly<Record<string, string>>, version = "1.13.0") {
  const folder = temporaryFolder("paddock-tools-");
  const program = join(folder, "terraform");
  writeFileSync(program, `#!/bin/sh\necho '{"terraform_version":"${version}"}'\n`);
  chmodSync(program, 0o755);
  const environment = { PATH: `${folder}:${process.env.PATH}`, ...variables };
  return await checkTerraform({ environment } as never);
}

describe("Terraform is checked", () => {
  const ofGoogle = [
    "GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT",
    "GOOGLE_BACKEND_STORAGE_CUSTOM_ENDPOINT",
  ];
  const ofStorage = ["STORAGE_EMULATOR_HOST", "GOOGLE_KMS_ENCRYPTION_KEY", "GOOGLE_ENCRYPTION_KEY"];
  const ofTerraform = ["TF_WORKSPACE", "TF_CLI_ARGS", "TF_CLI_ARGS_apply", "TF_VAR_region"];
  test.each([...ofTerraform, ...ofGoogle, ...ofStorage, "GOOGLE_CLOUD_UNIVERSE_DOMAIN"])(
    "with %s in the shell nothing begins",
    async (name) => {
      expect((await found({ [name]: "other" })).findings).toMatchObject([
        { kind: "blocks", fix: [`unset ${name}`] },
      ]);
    },
  );

  test("with a cache of providers it begins", async () => {
    const { findings } = await found({
      TF_PLUGIN_CACHE_DIR: "/tmp",
      TF_CLI_CONFIG_FILE: "/tmp/a",
      GOOGLE_CLOUD_PROJECT: "paddock",
    });
    expect(findings.filter(({ kind }) => kind === "blocks")).toEqual([]);
  });

  test("an old one begins nothing", async () => {
    expect((await found({}, "1.5.7")).findings).toMatchObject([{ kind: "blocks" }]);
  });
});
