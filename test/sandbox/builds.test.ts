/**
 * Builds as a runner makes them, with the real installers. The registries are servers of this
 * test, which speak the formats of the public ones: nothing leaves this machine.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildScript } from "#shared/core/layers/build-script";
import { type LayerConfig, layerVariables } from "#shared/core/layers/layer";
import { publicRegistries } from "#shared/core/layers/registries";
import { footprintOf } from "#shared/core/workspace/footprint";
import type { ClaimReply } from "#shared/protocol/runner";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { modesNow } from "./support/modes-now.ts";
import { makeRegistries } from "./support/registries.ts";

const hosts = publicRegistries.hosts.map(({ host }) => host);
const registries = makeRegistries("https://registry.npmjs.org");
const internet = new TestInternet({
  names: Object.fromEntries([...hosts, "elsewhere.test"].map((host) => [host, [[publicAddress]]])),
  serve: (request, response) => registries.serve(request, response),
});

beforeAll(async () => void (await internet.open()));
afterAll(() => {
  internet.close();
  registries.close();
});

const none: LayerConfig = {
  runtimes: {},
  packages: { system: [], python: [], node: [] },
  dockerfileExtensions: null,
};
/** Only the package registries are allowed, as in a deployment. */
const network = { mode: "allowlist" as const, allow: [...publicRegistries.hosts] };

/** A build as the gateway claims it, with certificates of the test's own registries. */
function claimOf(config: LayerConfig, script: string = buildScript(config)): ClaimReply {
  const claim = claimFor(script, { ...internet.claim(network), layer: { use: "build" } });
  const wide = { workspaceInodesMax: 20_000, tmpBytes: 64 * 1024 ** 2, processesMax: 128 };
  return { ...claim, limits: { ...claim.limits, ...wide, wallClockMs: 100_000 } };
}
const [mode = "userns"] = modesNow;
/** Known once the servers listen. */
const outside = () => ({ environment: internet.environment });

describe("WSP-3 a build", { timeout: 120_000 }, () => {
  const tools = ["pip3", "npm", "apt-get", "dpkg-deb"].map((name) => `/usr/bin/${name}`);
  test.runIf(tools.every((path) => existsSync(path)))(
    "makes a layer that a later execution finds read-only, with its packages and variables",
    async () => {
      const config: LayerConfig = {
        ...none,
        packages: { system: ["greeting"], python: ["greeting==1.0"], node: ["greeting"] },
        dockerfileExtensions:
          'ENV COLOUR=blue\nWORKDIR made\nRUN echo "$COLOUR" >file && pwd >>file',
      };
      // The test's own packages have no signatures, which the public ones need.
      const system = ["deb [trusted=yes] http://deb.debian.org/debian ./"];
      const build = claimOf(config, buildScript(config, { ...publicRegistries, system }));
      const built = await execute(build, mode, outside());
      const { settled } = built.gateway;
      expect(settled, built.gateway.text()).toMatchObject({ outcome: "success" });
      expect(built.gateway.items().some(({ type }) => type === "file_change")).toBe(false);

      const manifest = built.gateway.savedManifest();
      const manifestSha256 = built.gateway.storeManifest(manifest);
      const { restoreBytes } = footprintOf(manifest);
      const script = `
        greet; ls /opt/environment/script-ran 2>/dev/null
        python3 -c 'import greeting; print(greeting.text)'
        node -p 'require("greeting")'
        cat /opt/environment/made/file; echo "$COLOUR"
        touch /opt/environment/made/file /opt/environment/new 2>/dev/null || echo read-only
        chmod u+w /opt/environment/made 2>/dev/null || echo still read-only
        ls /workspace`;
      const claim = claimFor(script, {
        environmentVariables: layerVariables(config),
        layer: { use: "mount", manifestSha256, restoreBytes },
      });
      const used = await execute(claim, mode, {
        prepare: ({ objects }) => {
          for (const [name, bytes] of built.gateway.objects) objects.set(name, bytes);
        },
      });
      expect(used.gateway.settled, used.gateway.text()).toMatchObject({
        outcome: "success",
        workspace: { state: "unchanged" },
        output:
          "hello from apt\nhello from pip\nhello from npm\nblue\n/opt/environment/made\nblue\nread-only\nstill read-only\n",
      });
    },
  );

  test("that fails, or that reaches for another host, leaves nothing", async () => {
    const config = {
      ...none,
      dockerfileExtensions:
        "RUN echo half >half\nRUN curl -sS https://elsewhere.test/ && echo got through",
    };
    const { gateway } = await execute(claimOf(config), mode, outside());
    expect(gateway.settled).toMatchObject({
      outcome: "failed",
      reason: "command_failed",
      workspace: { state: "unchanged" },
    });
    expect(gateway.settled?.output).not.toMatch(/^got through$/m);
    expect(gateway.puts).toEqual([]);
    expect(gateway.egress).toMatchObject([{ host: "elsewhere.test", verdict: "refused" }]);
  });

  test("isn't replaced by nothing: an execution whose layer isn't whole doesn't begin", async () => {
    const layer = { use: "mount", manifestSha256: "0".repeat(64), restoreBytes: 4_096 } as const;
    const { gateway } = await execute(claimFor("echo began", { layer }), mode);
    expect(gateway.settled).toMatchObject({ outcome: "failed", reason: "runner_error" });
    expect(gateway.settled?.detail).toContain("layer can't be read");
    expect(gateway.text()).not.toContain("began");
  });
});
