/** The secrets of a claim: values for the sandbox, and values that only the proxy may use. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planRedaction, type RedactionPlan } from "#shared/core/redaction/plan";
import type { ClaimReply } from "#shared/protocol/runner";
import type { BoundSecrets } from "../egress/bound-secrets.ts";
import { inside, trustFolder } from "../sandbox/bubblewrap-arguments.ts";

const systemRoots = "/etc/ssl/certs/ca-certificates.crt";
const files = { all: "ca-bundle.pem", own: "ca.pem" };

/** The variables that name a file of certificates: a complete list, or additional ones. */
function trustVariables(): Record<string, string> {
  const at = (file: string) => join(inside.runtime, trustFolder, file);
  const all = ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"];
  const whole = all.map((name): [string, string] => [name, at(files.all)]);
  return { ...Object.fromEntries(whole), NODE_EXTRA_CA_CERTS: at(files.own) };
}

type Claimed = Pick<ClaimReply, "secrets" | "boundSecrets" | "environmentVariables" | "mcpServers">;

/** The proxy's part for bound secrets, and its certificates. */
interface Binding {
  readonly secrets: BoundSecrets;
  readonly rootCertificates: readonly string[];
}

/**
 * Takes the secrets out of a claim. TLS is loaded only for bound secrets.
 *
 * @param roots The certificate authorities for the hosts, instead of the usual ones.
 */
export async function takeSecrets(
  claimed: Claimed,
  roots?: readonly string[],
): Promise<ExecutionSecrets> {
  const { boundSecrets } = claimed;
  if (boundSecrets.length === 0) return new ExecutionSecrets(claimed, null);
  const { BoundSecrets } = await import("../egress/bound-secrets.ts");
  const { rootCertificates } = await import("node:tls");
  const secrets = new BoundSecrets(boundSecrets, { now: Date.now(), ...(roots && { roots }) });
  return new ExecutionSecrets(claimed, { secrets, rootCertificates });
}

/** What MCP servers are given counts as secret, and a server may say it back. */
function secretsOf(servers: Claimed["mcpServers"]): { key: string; value: string }[] {
  return servers.flatMap(({ env, bearerToken }) => [
    ...Object.entries(env).map(([key, value]) => ({ key, value })),
    ...(bearerToken === null ? [] : [{ key: "MCP_TOKEN", value: bearerToken }]),
  ]);
}

export class ExecutionSecrets {
  readonly #claimed: Claimed;
  readonly #binding: Binding | null;
  /** All that counts as secret, however it came. */
  readonly values: readonly { readonly key: string; readonly value: string }[];
  readonly redaction: RedactionPlan;

  constructor(claimed: Claimed, binding: Binding | null) {
    this.#claimed = claimed;
    this.#binding = binding;
    const { secrets, boundSecrets, mcpServers } = claimed;
    this.values = [...secrets, ...boundSecrets, ...secretsOf(mcpServers)];
    this.redaction = planRedaction(this.values);
  }

  /** Null if there are no bound secrets. */
  get bound(): BoundSecrets | null {
    return this.#binding?.secrets ?? null;
  }

  /** Writes certificates, and no secrets, to a folder that programs in the sandbox can read. */
  writeTrustFiles(folder: string): void {
    if (this.#binding === null) return;
    const { secrets, rootCertificates } = this.#binding;
    const own = secrets.certificatePem;
    const roots = existsSync(systemRoots)
      ? readFileSync(systemRoots, "utf8")
      : rootCertificates.join("\n");
    writeFileSync(join(folder, files.own), own, { mode: 0o444 });
    writeFileSync(join(folder, files.all), `${roots}\n${own}`, { mode: 0o444 });
  }

  /** Later variables override earlier ones of the same name. */
  variables(): Record<string, string> {
    const { environmentVariables, secrets } = this.#claimed;
    const pairs = [...environmentVariables, ...secrets].map(({ key, value }) => [key, value]);
    const trust = this.bound === null ? {} : trustVariables();
    return { ...trust, ...Object.fromEntries(pairs), ...this.bound?.placeholders };
  }
}
