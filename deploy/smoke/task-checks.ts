/** What an owner's task may do, and what it may not. */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Ran, SmokeContext } from "./context.ts";

const deadWithinTries = 20;
const apartMsMin = 1_500;

const usd = (amount: number) => `$${amount.toFixed(6)}`;

export async function ownerAndKey(context: SmokeContext): Promise<string> {
  const { id } = await context.owner();
  const Budget = z.object({ balance: z.number() });
  const { balance } = await context.call("/v1/budget", Budget);
  return `${id} with ${usd(balance)}, by the first operator`;
}

export async function shellTask(context: SmokeContext): Promise<string> {
  const ran = await context.run("echo $((6 * 7)); echo kept > kept.txt");
  expectSuccess(ran);
  if (ran.output.trim() !== "42") throw new Error(`it printed ${JSON.stringify(ran.output)}`);
  const { cost, held, durationMs } = ran.run;
  if (!(cost > 0 && cost <= held)) throw new Error(`it cost ${usd(cost)} of ${usd(held)} held`);
  return `${usd(cost)} of ${usd(held)} held, ${(durationMs / 1000).toFixed(1)} s`;
}

/** A secret is sealed without the right to open it, opened only by the gateway, and never shown. */
export async function secret(context: SmokeContext): Promise<string> {
  const value = randomBytes(16).toString("hex");
  const secrets = [{ key: "TOKEN", value }];
  const ran = await context.run('printf %s "$TOKEN" | wc -c; echo "$TOKEN"', { secrets });
  expectSuccess(ran);
  if (ran.output.includes(value)) throw new Error("it is shown in the task's output");
  const [length, shown] = ran.output.trim().split("\n");
  if (length?.trim() !== String(value.length)) throw new Error(`its task has ${length} characters`);
  return `its task has it; in the output it is ${shown}`;
}

/** Nothing between a function and its client may hold events back. */
export async function streaming(context: SmokeContext): Promise<string> {
  const ran = await context.run("echo first; sleep 4; echo second");
  expectSuccess(ran);
  if (ran.endedAtMs < apartMsMin) {
    throw new Error(`both lines arrived within ${ran.endedAtMs.toFixed(0)} ms of the end`);
  }
  return `the first line came ${(ran.endedAtMs / 1000).toFixed(1)} s before the end`;
}

const places = ["http://169.254.169.254/", "http://metadata.google.internal/", "https://8.8.8.8/"];

/** Without a network nothing leaves, including requests to the metadata server and DNS. */
export async function egressDenied(context: SmokeContext): Promise<string> {
  const tries = places.map(
    (url) => `curl -s -k -m 5 --noproxy "*" -o /dev/null ${url} && echo "reached ${url}"`,
  );
  const names = "getent hosts example.com && echo 'resolved example.com'";
  const ran = await context.run(`${[...tries, names].join("\n")}\necho done`);
  expectSuccess(ran);
  if (ran.output.trim() !== "done") throw new Error(ran.output.trim().split("\n").join("; "));
  return `${places.length} addresses and a name, none reached`;
}

const Egress = z.object({
  data: z.array(z.object({ host: z.string(), verdict: z.string(), rule: z.string().nullable() })),
});

/** A refusal names its rule, and the execution's own log has it. */
export async function egressAllowlist(context: SmokeContext): Promise<string> {
  const network = { mode: "allowlist", allow: [{ host: "example.com" }] };
  const ran = await context.run("curl -s -m 10 http://example.org/; true", { network });
  expectSuccess(ran);
  if (!ran.output.includes('"rule":"host_not_allowed"')) {
    throw new Error(`the task was told ${JSON.stringify(ran.output.slice(0, 200))}`);
  }
  const { data } = await context.call(`/v1/executions/${ran.run.id}/egress`, Egress);
  const entry = data.find(({ host }) => host === "example.org");
  if (entry?.verdict !== "refused") throw new Error("its egress log doesn't have the denial");
  return `refused by ${entry.rule}, and on the log`;
}

const looks = `
grep -E '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
echo "Map: $(cat /proc/self/uid_map)"
touch /usr/written 2>/dev/null && echo "Written: /usr"
touch /proc/sys/kernel/core_pattern 2>/dev/null && echo "Written: /proc/sys"
env | grep -q '^PADDOCK_\\|^K_\\|^CLOUD_RUN' && echo "Environment: ours"
true`;

/** Each mandatory layer as the task itself sees it, and which of the two modes it runs in. */
export async function sandbox(context: SmokeContext): Promise<string> {
  const ran = await context.run(looks);
  expectSuccess(ran);
  const seen = new Map(
    ran.output.split("\n").map((line) => {
      const [name = "", ...rest] = line.split(":");
      return [name, rest.join(":").trim().replace(/\s+/g, " ")];
    }),
  );
  const wanted = { NoNewPrivs: "1", Seccomp: "2", CapEff: "0".repeat(16), CapBnd: "0".repeat(16) };
  for (const [name, value] of Object.entries(wanted)) {
    if (seen.get(name) !== value) throw new Error(`${name} is ${seen.get(name) ?? "not shown"}`);
  }
  if ((seen.get("Uid") ?? "0").startsWith("0")) throw new Error("it runs as root");
  for (const name of ["Written", "Environment"]) {
    if (seen.has(name)) throw new Error(`${name}: ${seen.get(name)}`);
  }
  const isB = seen.get("Map") === "0 0 4294967295";
  const mode = isB ? "B (no user namespace)" : "A (user namespace)";
  return `mode ${mode}; uid ${seen.get("Uid")?.split(" ")[0]}, no capability, seccomp, read-only`;
}

const Key = z.object({ id: z.string(), key: z.string() });

/** A 200 means that the key is dead on every instance. */
export async function revocation(context: SmokeContext): Promise<string> {
  const made = await context.call("/v1/keys", Key, { name: "to be revoked" });
  const use = async () =>
    (await context.ask("/v1/budget", { authorization: `Bearer ${made.key}` })).status;
  const before = await use();
  if (before !== 200) throw new Error(`the new key was answered ${before}`);
  await context.call(`/v1/keys/${made.id}/revoke`, z.unknown(), {});
  const after = await Promise.all(Array.from({ length: deadWithinTries }, use));
  const alive = after.filter((status) => status !== 401);
  if (alive.length > 0) throw new Error(`answered ${alive.join(", ")} after it was revoked`);
  return `${after.length} requests right after the 200, all refused`;
}

function expectSuccess({ run }: Ran): void {
  if (run.status !== "success") {
    throw new Error(`${run.id} ended with ${run.status}, exit code ${run.exitCode}`);
  }
}
