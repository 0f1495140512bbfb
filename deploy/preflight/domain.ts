/** Compares the domain's public records with what the deployment needs. */
import * as z from "zod";
import { whereToAsk } from "../google/api.ts";
import { usualRegion } from "../options.ts";
import {
  blocks,
  type CheckResult,
  type Finding,
  type GoogleAt,
  note,
  type PreflightAt,
  resultFor,
  unchecked,
} from "./check-result.ts";

const timeoutMs = 10_000;
/** The name of the load balancer's address in terraform/modules/edge/main.tf. */
const edgeAddress = "edge";
const types = { A: 1, CNAME: 5, AAAA: 28, CAA: 257 } as const;
const nameDoesNotExist = 3;
/** The authorities that sign Google-managed certificates. */
const signers = ["pki.goog", "letsencrypt.org"];

const Resolved = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).default([]),
});

export interface DnsRecord {
  readonly name: string;
  readonly type: "A" | "CNAME";
  readonly data: string;
}

/** Asks Google's public resolver, because a company's own may answer differently. */
export async function resolve(
  name: string,
  type: keyof typeof types,
  endpoint: string | null,
): Promise<readonly string[] | null> {
  const url = whereToAsk(`https://dns.google/resolve?name=${name}&type=${type}`, endpoint);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const { Status, Answer } = Resolved.parse(await response.json());
    if (Status !== 0 && Status !== nameDoesNotExist) return null;
    return Answer.filter((answer) => answer.type === types[type]).map(({ data }) =>
      data.replace(/\.$/, ""),
    );
  } catch {
    return null;
  }
}

/** The gateways' name, which only runners resolve (terraform/locals.tf). */
export const gatewayNameOf = (domain: string) => `gateway.${domain}`;

/** Whether the public sees `record`. */
export async function isThere(record: DnsRecord, endpoint: string | null): Promise<boolean> {
  const found = await resolve(record.name.replace(/\.$/, ""), record.type, endpoint);
  return (found ?? []).includes(record.data.replace(/\.$/, ""));
}

export function zoneLine({ name, type, data }: DnsRecord): string {
  return `${name.replace(/\.$/, "")}. 300 IN ${type} ${data}`;
}

/** Before the first deployment only obstacles can be seen; afterwards the records themselves. */
export async function checkDomain(context: PreflightAt): Promise<CheckResult> {
  const { domain } = context.options;
  const result = resultFor("domain");
  if (context.options.profile === "trial")
    return result("none: a trial has Cloud Run's own address");
  if (domain === null) return result("");
  const [addresses, sixes, aliases, allowed] = await Promise.all([
    resolve(domain, "A", context.endpoint),
    resolve(domain, "AAAA", context.endpoint),
    resolve(domain, "CNAME", context.endpoint),
    certificateAuthorities(domain, context.endpoint),
  ]);
  if (!addresses || !sixes || !aliases || !allowed) {
    return result("", unchecked(`What ${domain} points to: the public resolver didn't answer.`));
  }
  const findings: Finding[] = [];
  if (aliases.length > 0) {
    const what = `${domain} is an alias of ${aliases[0]}, and a name that is can't have an A record.`;
    findings.push(blocks(what, `remove the CNAME record of ${domain}`));
  }
  if (sixes.length > 0) {
    const what = `${domain} has an AAAA record (${sixes[0]}); this deployment answers on IPv4 alone.`;
    findings.push(blocks(what, `remove the AAAA record of ${domain}`));
  }
  if (allowed.length > 0 && !signers.some((signer) => allowed.includes(signer))) {
    const what = `The CAA records of ${domain} allow ${allowed.join(", ")}, but not Google's signer.`;
    findings.push(blocks(what, `${domain}. 300 IN CAA 0 issue "pki.goog"`));
  }
  findings.push(...(await recordFindings(context, domain, addresses)));
  return result(domain, ...findings);
}

/** The CAA records as a signer reads them: from the nearest parent name that has any. */
async function certificateAuthorities(
  domain: string,
  endpoint: string | null,
): Promise<readonly string[] | null> {
  const labels = domain.split(".");
  for (let from = 0; from < labels.length - 1; from += 1) {
    const records = await resolve(labels.slice(from).join("."), "CAA", endpoint);
    if (records === null) return null;
    const issuers = records.flatMap((text) => /issue "?([^";]+)/.exec(text)?.[1]?.trim() ?? []);
    if (records.length > 0) return issuers;
  }
  return [];
}

const Authorizations = z.object({
  dnsAuthorizations: z
    .array(
      z.object({
        domain: z.string(),
        dnsResourceRecord: z
          .object({ name: z.string(), type: z.literal("CNAME"), data: z.string() })
          .optional(),
      }),
    )
    .default([]),
});
const Addresses = z.object({
  items: z.array(z.object({ name: z.string(), address: z.string() })).default([]),
});

async function recordFindings(
  context: PreflightAt,
  domain: string,
  addresses: readonly string[],
): Promise<Finding[]> {
  const records =
    context.google === null
      ? []
      : await recordsMade({ ...context, google: context.google }, domain);
  if (records.length === 0) {
    const now =
      addresses.length === 0 ? "no A record yet" : `an A record of ${addresses.join(", ")}`;
    return [
      note(`${domain} has ${now}; the three records to add are shown after the first apply.`),
    ];
  }
  const missing: DnsRecord[] = [];
  for (const record of records) {
    if (!(await isThere(record, context.endpoint))) missing.push(record);
  }
  if (missing.length === 0) return [];
  const what = `${domain} isn't pointed here yet; the certificate and the smoke test wait for it.`;
  return [note(what, ...missing.map(zoneLine))];
}

/**
 * The three records that an earlier run needs, as far as it came; empty before the first. The
 * gateways' authorization is regional, and their name is one below the domain
 * (terraform/modules/network/certificate.tf).
 */
async function recordsMade(
  { google, options }: Pick<GoogleAt, "google" | "options">,
  domain: string,
): Promise<DnsRecord[]> {
  const { project } = options;
  const authorization = async (location: string, name: string): Promise<DnsRecord[]> => {
    const url = `https://certificatemanager.googleapis.com/v1/projects/${project}/locations/${location}/dnsAuthorizations`;
    const answer = await google.ask(url, Authorizations);
    const made = answer.ok ? answer.value.dnsAuthorizations : [];
    return made.flatMap((one) => (one.domain === name ? (one.dnsResourceRecord ?? []) : []));
  };
  const edge = await authorization("global", domain);
  if (edge.length === 0) return [];
  const gateways = await authorization(options.region ?? usualRegion, gatewayNameOf(domain));
  const addresses = await google.ask(
    `https://compute.googleapis.com/compute/v1/projects/${project}/global/addresses?filter=${encodeURIComponent(`name=${edgeAddress}`)}`,
    Addresses,
  );
  const [address] = addresses.ok ? addresses.value.items : [];
  const own: DnsRecord[] = address ? [{ name: domain, type: "A", data: address.address }] : [];
  return [...edge, ...gateways, ...own];
}
