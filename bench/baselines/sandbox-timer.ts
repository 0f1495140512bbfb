/**
 * Replaces the supervisor: the same session with the same launcher, but no execution. Once all are
 * ready it starts the sandbox and reports when the first command's first byte came, including the
 * proof of the walls.
 */
import { Socket } from "node:net";
import { takeSecrets } from "../../runner/supervisor/execution-secrets.ts";
import { LauncherLine } from "../../runner/supervisor/launcher-client.ts";
import { SandboxSession } from "../../runner/supervisor/sandbox-session.ts";
import { claimFor } from "../../test/kit/sandbox/gateway.ts";

const gateway = process.env.PADDOCK_GATEWAY_URL ?? "";
const script = "echo first";

async function time(): Promise<void> {
  const launcher = new LauncherLine(new Socket({ fd: 3, readable: true, writable: true }));
  const { unavailable } = await launcher.hello();
  if (unavailable !== null) throw new Error(unavailable);
  const claim = claimFor(script);
  const session = new SandboxSession(launcher, claim, await takeSecrets(claim));
  await session.prepare();
  await fetch(`${gateway}/ready`);
  const startedAtMs = performance.now();
  await session.start();
  const provenMs = performance.now() - startedAtMs;
  let firstByteMs: number | null = null;
  await session.run(script, {
    onOutput: () => {
      firstByteMs ??= performance.now() - startedAtMs;
    },
  });
  const body = JSON.stringify({ provenMs, firstByteMs });
  await fetch(`${gateway}/timed`, { method: "POST", body });
  await session.stop();
}

time().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
