/**
 * Coding agents from npm, installed into an environment's layer by a real build, work in the
 * sandbox through the models' socket, whose token they never see.
 */
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { executionLimits } from "#shared/core/executions/profiles";
import { buildScript } from "#shared/core/layers/build-script";
import { type LayerConfig, layerVariables } from "#shared/core/layers/layer";
import { publicRegistries } from "#shared/core/layers/registries";
import { footprintOf } from "#shared/core/workspace/footprint";
import type { ScriptedTurn } from "../../local/providers/turn.ts";
import { temporaryFolder } from "../../scripts/tools/temporary-folder.ts";
import { startHarness, timeMicrousd } from "../kit/model-harness.ts";
import { claimFor } from "../kit/sandbox/gateway.ts";
import { execute } from "../kit/sandbox/host.ts";
import { publicAddress, TestInternet } from "../kit/sandbox/test-internet.ts";
import { isLong } from "../kit/shard.ts";
import { type CodingAgent, codingAgents, doneText } from "./support/coding-agents.ts";
import { modesNow } from "./support/modes-now.ts";
import { installFromNpm, npmMirror } from "./support/npm-mirror.ts";

const token = "model-token-canary-0123456789";
const program = join(import.meta.dirname, "../../dist/runner/launcher.cjs");
const [mode = "userns"] = modesNow;
const limits = executionLimits("power", 300_000);
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function openRegistry(folder: string): Promise<TestInternet> {
  const { hosts } = publicRegistries;
  const internet = new TestInternet({
    names: Object.fromEntries(hosts.map(({ host }) => [host, [[publicAddress]]])),
    serve: npmMirror(folder, "https://registry.npmjs.org"),
  });
  await internet.open();
  closing.push(() => internet.close());
  return internet;
}

/** Builds a layer with the package, as the environment `packages: { node: [name] }` does. */
async function build(name: string) {
  const folder = temporaryFolder("paddock-coding-agent-");
  installFromNpm(folder, name);
  const internet = await openRegistry(folder);
  const config: LayerConfig = {
    runtimes: {},
    packages: { system: [], python: [], node: [name] },
    dockerfileExtensions: null,
  };
  const network = { mode: "allowlist" as const, allow: [...publicRegistries.hosts] };
  const claim = claimFor(buildScript(config), {
    ...internet.claim(network),
    limits,
    layer: { use: "build" },
  });
  const { environment } = internet;
  const { gateway } = await execute(claim, mode, { program, environment });
  expect(gateway.settled, gateway.text()).toMatchObject({ outcome: "success" });
  return { config, objects: gateway.objects, manifest: gateway.savedManifest() };
}

/** Lets the agent work in a sandbox without a network, and returns what was said and made. */
async function work(agent: CodingAgent) {
  const { config, objects, manifest } = await build(agent.package);
  const turns: ScriptedTurn[] = [agent.turn, { items: [{ kind: "text", text: doneText }] }];
  const models = await startHarness({ balanceMicrousd: 10_000_000 });
  models.providers.play(turns);
  const environmentVariables = [
    ...layerVariables(config),
    ...Object.entries(agent.variables).map(([key, value]) => ({ key, value })),
  ];
  const search = "grep -rs 'model-token-canar[y]' /proc/*/environ /proc/*/cmdline /tmp /workspace";
  const script = `${agent.script}\n${search} || echo no token`;
  const used = await execute(
    claimFor(script, {
      ...{ modelToken: token, environmentVariables, limits },
      layer: {
        use: "mount",
        manifestSha256: "",
        restoreBytes: footprintOf(manifest).restoreBytes,
      },
    }),
    mode,
    {
      ...{ program, environment: { PADDOCK_MODEL_GATEWAY_URL: models.urls[0] ?? "" } },
      prepare: (gateway) => {
        for (const [name, bytes] of objects) gateway.objects.set(name, bytes);
        const manifestSha256 = gateway.storeManifest(manifest);
        const { claim } = gateway;
        if (claim?.layer?.use !== "mount") throw new Error("no layer");
        gateway.claim = { ...claim, layer: { ...claim.layer, manifestSha256 } };
      },
    },
  );
  const { chargedMicrousd } = await models.settle();
  await models.stop();
  return { ...used, chargedMicrousd, shown: models.shown };
}

// Each takes hundreds of megabytes from npm, too much for every commit.
describe.runIf(isLong)("MOD-1 from a layer, a coding agent", { timeout: 900_000 }, () => {
  test.each(codingAgents)("$name writes a file by a tool, and has no token", async (agent) => {
    const { gateway, shown, chargedMicrousd, leftovers } = await work(agent);
    expect(gateway.settled, gateway.text()).toMatchObject({ outcome: "success" });
    expect(gateway.settled?.output).toContain(doneText);
    expect(gateway.settled?.output).toContain("no token");
    expect(gateway.savedFile("made.txt").trim()).toBe("made by the tool");
    expect(shown).toEqual(new Set([`Bearer ${token}`]));
    expect(chargedMicrousd).toBeGreaterThan(timeMicrousd);
    expect(leftovers).toEqual([]);
  });
});
