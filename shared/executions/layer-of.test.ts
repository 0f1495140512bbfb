import { expect, test } from "vitest";
import { EnvironmentCreate } from "../contract/environment.ts";
import { layerHash } from "../core/layers/layer.ts";
import { newEnvironment } from "../environments/new-environment.ts";
import { ownPrograms } from "../protocol/sandbox-paths.ts";
import { Environment } from "../store/environments.ts";
import { layerOf } from "./layer-of.ts";

test("a layer that an earlier release built has the folders of programs that this one knows", () => {
  const body = EnvironmentCreate.parse({ name: "built", packages: { system: ["jq"] } });
  const made = newEnvironment(body, { id: "env_1", publicKey: "", now: 1 });
  const layer = Environment.shape.layers.parse([
    {
      ...{ hash: layerHash(made), manifestSha256: "a".repeat(64), restoreBytes: 1, builtAt: 1 },
      ...{ fileCount: 1, totalBytes: 1 },
      variables: [{ key: "PATH", value: "/opt/environment/bin:/usr/bin" }],
    },
  ]);
  const path = layerOf({ ...made, layers: layer })?.variables.find(({ key }) => key === "PATH");
  expect(path?.value.split(":")).toContain(`${ownPrograms}/bin`);
});
