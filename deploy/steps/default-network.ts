/**
 * Removes the network that Google makes in a new project. Its firewall lets SSH and RDP in from
 * everywhere, and nothing here uses it; Terraform can't delete what it didn't make. A network that
 * somebody has changed is left alone, and said so.
 */
import * as z from "zod";
import { waitUntil } from "../clock.ts";
import { confirm, done, line } from "../print.ts";
import type { DeployContext, ProjectAt } from "./deploy-context.ts";
import { ifThere } from "./if-there.ts";

const patience = { everyMs: 5_000, withinMs: 5 * 60_000 };
const Network = z.object({ name: z.string(), autoCreateSubnetworks: z.boolean().optional() });
const Firewalls = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });
const Anything = z.looseObject({});

/** The rules that come with it (cloud.google.com/firewall/docs/firewalls). */
const ownRules = /^default-allow-(icmp|internal|rdp|ssh)$/;

type NetworkAt = ProjectAt &
  Pick<DeployContext, "clock"> & { readonly options: Pick<DeployContext["options"], "yes"> };

/** @throws {Stop} if it can't be seen now: it would stay, and nobody would say so. */
export async function removeDefaultNetwork(context: NetworkAt): Promise<void> {
  const { google, options } = context;
  const compute = `https://compute.googleapis.com/compute/v1/projects/${options.project}/global`;
  const network = ifThere(
    await google.ask(`${compute}/networks/default`, Network),
    (message) => `Whether the network default is there can't be seen: ${message}`,
  );
  if (network === null) return;
  const filter = encodeURIComponent('network eq ".*/networks/default"');
  const rules = ifThere(
    await google.ask(`${compute}/firewalls?filter=${filter}`, Firewalls),
    (message) => `The rules of the network default can't be listed: ${message}`,
  );
  const names = rules?.items.map(({ name }) => name) ?? [];
  const isUntouched = rules !== null && names.every((name) => ownRules.test(name));
  if (!isUntouched || network.autoCreateSubnetworks !== true) {
    line(
      "The network default isn't as Google made it, so it stays: remove it if nothing needs it.",
    );
    return;
  }
  const question = "Remove the project's default network, which lets SSH in from everywhere?";
  await confirm(question, options.yes);
  for (const path of [...names.map((name) => `firewalls/${name}`), "networks/default"]) {
    if (await removed(context, `${compute}/${path}`)) continue;
    line(`The network default stays, because something uses it: ${path} couldn't be deleted.`);
    return;
  }
  done("the default network is gone");
}

/** Deletes a resource of Compute Engine, and waits until it isn't there. */
async function removed({ clock, google }: NetworkAt, url: string): Promise<boolean> {
  const asked = await google.ask(url, Anything, { method: "DELETE" });
  if (!asked.ok && asked.status !== 404) return false;
  const gone = await waitUntil(clock, patience, async () => {
    const still = await google.ask(url, Anything);
    return !still.ok && still.status === 404 ? true : null;
  });
  return gone === true;
}
