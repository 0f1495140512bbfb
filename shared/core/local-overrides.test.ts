import { describe, expect, test } from "vitest";
import { functionEnvironment } from "../../local/cloud/environment.ts";
import { readSettings as readLauncherSettings } from "../../runner/launcher/settings.ts";
import { repositoryRoot } from "../../scripts/tools/repository.ts";
import { isProduct } from "../../test/tidy/import-rules.ts";
import { readSources } from "../../test/tidy/source-file.ts";
import { readSettings } from "../config.ts";
import { localOverrides } from "./local-overrides.ts";

/** What a deployment says of its own address, and the code of a refusal. */
const others = ["PADDOCK_GATEWAY_URL", "PADDOCK_MODEL_GATEWAY_URL", "MALFORMED_URL"];
const namesAddress = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:HOST|IP|ENDPOINT|URL|ISSUER)\b/g;
const listed: ReadonlySet<string> = new Set([...localOverrides, ...others]);
const values: Readonly<Record<string, string>> = {
  STORAGE_EMULATOR_HOST: "http://127.0.0.1:1",
  PADDOCK_OIDC_JWKS_URL: "http://127.0.0.1:1",
};
const overrides = localOverrides.map((name) => [name, values[name] ?? "127.0.0.1:1"] as const);

describe("OPS-9 an override of an address or of an issuer", () => {
  test.each(overrides)("%s is refused by functions and runners in Google Cloud", (name, value) => {
    const settings = { GOOGLE_CLOUD_PROJECT: "p", [name]: value };
    expect(() => readSettings(settings)).not.toThrow();
    expect(() => readLauncherSettings(settings)).not.toThrow();
    for (const inCloud of [{ K_SERVICE: "agents" }, { CLOUD_RUN_JOB: "runner" }]) {
      expect(() => readSettings({ ...settings, ...inCloud })).toThrow(name);
    }
    expect(() => readLauncherSettings({ ...settings, CLOUD_RUN_JOB: "runner" })).toThrow(name);
  });

  test("is listed if the product reads it", { tags: ["slow"] }, () => {
    const found = readSources(repositoryRoot)
      .filter(({ path }) => isProduct(path))
      .flatMap(({ text }) => text.match(namesAddress) ?? []);
    expect(new Set(found)).toContain("FIRESTORE_EMULATOR_HOST");
    expect([...new Set(found)].filter((name) => !listed.has(name))).toEqual([]);
  });

  test("is listed if the local cloud sets it", () => {
    const at = "127.0.0.1";
    const ports = {
      firestoreHost: `${at}:1`,
      kmsPort: 2,
      storagePort: 3,
      runPort: 4,
      loggingPort: 5,
    };
    const files = { peppersFile: "p", gatewayTokensFile: "g", compileCacheFolder: "c" };
    const models = { modelsFile: "m", providerKeysFile: "k", limitsFile: null };
    const where = { ...ports, ...files, issuer: `http://${at}`, jwksUrl: `http://${at}/keys` };
    const addresses = { ...where, ...models, credentialsHost: at };
    const set = Object.entries(functionEnvironment(addresses));
    const local = set.filter(([, value]) => value.includes(at)).map(([name]) => name);
    expect(local).toHaveLength(8);
    expect(local.filter((name) => !listed.has(name))).toEqual([]);
  });
});
