/** `npm run drill`: see `usage`. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import colours from "picocolors";
import { Webhook } from "standardwebhooks";
import { startLocalCloud } from "../local/cloud.ts";
import { buildAll } from "../scripts/build/build-all.ts";
import { formatDuration } from "../scripts/tools/format.ts";
import { readOptions } from "../scripts/tools/options.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { startMailServer, startWebhookServer } from "../test/kit/notification-servers.ts";
import { KeyLeak } from "./drill/key-leak.ts";

const usage = `
npm run drill: plays a leaked key on a local cloud, from the thief's first request to the closed
incident, with a real mail server and a real receiver of webhooks, and prints the timeline. Exit code 1
if anything isn't as docs/incidents.md says.`;
readOptions(usage, {});

const began = performance.now();
const heading = (text: string) => console.log(`\n${colours.bold(colours.cyan(text))}`);
const line = (text: string) => console.log(`  ${text}`);
const timeline: { readonly at: number; readonly who: string; readonly what: string }[] = [];
let isSound = true;

/** Checks what the drill must show; all of it is printed, whatever holds. */
function check(what: string, holds: boolean): void {
  if (!holds) isSound = false;
  line(`${holds ? colours.green("✓") : colours.red("✗")} ${what}`);
}

function note(who: string, what: string): void {
  timeline.push({ at: performance.now(), who, what });
}

async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
  const giveUpAt = performance.now() + 60_000;
  while (performance.now() < giveUpAt) {
    const found = await look();
    if (found !== null && found !== false) return found;
    await wait(200);
  }
  throw new Error(`waited a minute in vain for ${what}`);
}

heading("A local cloud of the drill's own");
await buildAll(repositoryRoot);
const [mail, hook] = await Promise.all([startMailServer(), startWebhookServer()]);
const dataFolder = await mkdtemp(join(tmpdir(), "paddock-drill-"));
const cloud = await startLocalCloud({
  dataFolder,
  fresh: true,
  unscheduled: ["incident-watch"],
  settings: {
    PADDOCK_NOTIFICATIONS_TEST: "loopback",
    PADDOCK_MAIL_SERVER: mail.address,
    PADDOCK_MAIL_FROM: "security@paddock.test",
  },
});
line(`ready at ${cloud.baseUrl}`);
try {
  await drill(new KeyLeak(cloud));
  printTimeline();
} finally {
  await cloud.stop();
  await Promise.all([mail.close(), hook.close()]);
  await rm(dataFolder, { recursive: true, force: true });
}
process.exitCode = isSound ? 0 : 1;
line(colours.dim(`nothing left running; ${formatDuration(performance.now() - began)} in all`));

async function drill(leak: KeyLeak): Promise<void> {
  heading("A key leaks");
  const secret = await leak.prepare(hook.url, async () => await tokenSent(leak));
  const statuses = await leak.steal();
  note("thief", "uses the key from three networks and starts an execution");
  check(
    "nobody has noticed: the thief is served",
    statuses.every((status) => status === 200),
  );

  heading("Detection");
  await until("three rows of new networks", async () => {
    const rows = await leak.trail();
    return rows.filter(({ action }) => action === "key.new_network").length === 3;
  });
  const found = await leak.watch("detect");
  const [open] = await leak.openIncidents();
  if (!open) throw new Error("no incident was opened");
  note("detector", `opens ${open.id}: ${open.title}`);
  check(`the detector has judged ${found.rows} rows and opened an incident`, found.incidents === 1);
  await leak.watch("deliver");
  note("webhook", "tells the owner that a key is used from a new network");
  check("the owner heard of it by webhook", hook.taken.length === 1);

  heading("Triage and containment");
  await leak.assign(open.id);
  await leak.move(open.id, "triage", "the owner doesn't know these networks");
  await leak.move(open.id, "containment");
  const contained = await leak.contain(open.id);
  note("operator", "contains the key in one call");
  check("what the thief ran is stopped", contained.executionIds.length === 1);
  check("the thief's next request is refused", (await leak.useLeakedKey("127.201.1.7")) === 401);
  check("the owner's other key works", await leak.ownerKeyWorks());

  heading("Investigation and remediation");
  await leak.move(open.id, "investigation");
  const trail = await leak.trail();
  for (const { action, createdAt } of trail.toReversed()) {
    line(colours.dim(`${createdAt.slice(11, 23)}  ${action}`));
  }
  await leak.move(open.id, "remediation", "no files were downloaded");
  await leak.revokeLeakedKey();
  note("owner", "revokes the key");

  heading("Communication");
  await leak.move(open.id, "communication");
  const draft = await leak.incident(open.id);
  await leak.notify(open.id, { ...draft.notice, steps: "We have stopped the key." });
  note("operator", `notifies, with ${Math.floor(draft.notifySecondsLeft / 3_600)} hours left`);
  await leak.watch("deliver");
  const letter = mail.taken.findLast(({ mail: { subject } }) => subject?.includes("incident"));
  const [, webhook] = hook.taken;
  note("mail", `"${letter?.mail.subject}" reaches ${letter?.to.join()}`);
  check("the notice has its four parts", (letter?.mail.text ?? "").split("\n\n").length >= 8);
  const { headers = {}, body = "" } = webhook ?? {};
  check("its webhook is signed", isSigned(secret, headers, body));
  const told = await leak.incident(open.id);
  check("the incident says so", told.deliveries.confirmed === 2 && told.deliveries.waiting === 0);
  await leak.release(contained.id);
  await leak.move(open.id, "closed");
  note("operator", "releases what is left, and closes the incident");
  check("the revoked key stays dead", (await leak.useLeakedKey("127.0.0.1")) === 401);
}

/** Delivers until the owner's address has been sent the token that confirms it. */
async function tokenSent(leak: KeyLeak): Promise<string> {
  return await until("the mail with the token", async () => {
    await leak.watch("deliver");
    const texts = mail.taken.map((taken) => taken.mail.text ?? "");
    return texts.map((text) => /^[0-9a-f]{64}$/m.exec(text)?.[0]).find(Boolean) ?? null;
  });
}

function isSigned(secret: string, headers: object, body: string): boolean {
  try {
    new Webhook(secret).verify(body, { ...headers } as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

function printTimeline(): void {
  heading("Timeline");
  const [first] = timeline;
  for (const { at, who, what } of timeline) {
    const seconds = ((at - (first?.at ?? at)) / 1_000).toFixed(1);
    line(`${colours.dim(`+${seconds.padStart(5)} s`)}  ${colours.bold(who.padEnd(9))} ${what}`);
  }
}
