/** The answer to a refused attempt: immediate, with the rule and how to proceed. */
import type { EgressRule } from "#shared/core/network/network-policy";

interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly verdict: "refused" | "failed";
}

const answers: Readonly<Record<EgressRule, Answer>> = {
  malformed_request: refused("The request is malformed or ambiguous", 400),
  invalid_host: refused("This is no valid host name"),
  no_network: refused("The environment has no network"),
  host_not_allowed: refused("The network policy doesn't allow this host"),
  port_not_allowed: refused("The network policy doesn't allow this port of the host"),
  address_not_allowed: refused("The network policy allows names, not addresses"),
  private_name: refused("Names of private networks are never reachable"),
  private_address: refused("Addresses outside of the public internet are never reachable"),
  host_mismatch: refused("The Host header differs from the host that was asked for"),
  sni_missing: refused("The TLS client doesn't say which host it asks for"),
  sni_mismatch: refused("The TLS client asks for another host than the tunnel was opened to"),
  name_not_found: failed("The name has no address", 502),
  connect_failed: failed("The host refused the connection or can't be reached", 502),
  timed_out: failed("The host didn't answer in time", 504),
  connection_limit: refused("Too many connections are open", 429),
  rate_limit: refused("Too many connections were opened in the last minute", 429),
  byte_limit: refused("The execution has transferred all it may"),
  log_unavailable: refused("The attempt can't be recorded at the moment", 503),
  log_full: refused("The execution's egress log is full", 429),
};

function refused(reason: string, status = 403): Answer {
  return { status, reason, verdict: "refused" };
}

function failed(reason: string, status: number): Answer {
  return { status, reason, verdict: "failed" };
}

/** Advice for the program, if there is any. */
function advice(rule: EgressRule, { host, port }: RequestedHost): Record<string, string> {
  const entry = JSON.stringify({ host, ports: [port] });
  const ask = "Ask the environment's owner to";
  switch (rule) {
    case "host_not_allowed":
    case "port_not_allowed":
      return { howToAllow: `${ask} add ${entry} to its network.allow.` };
    case "no_network":
      return { howToAllow: `${ask} set its network to {"mode":"allowlist","allow":[${entry}]}.` };
    case "private_name":
    case "private_address":
      if (!isThisSandbox(host)) return {};
      return { howToReach: `This is the sandbox itself: ask ${host} directly, without the proxy.` };
    default:
      return {};
  }
}

function isThisSandbox(host: string): boolean {
  return /^((.+\.)?localhost|127\.[\d.]+|0\.0\.0\.0|\[::1?\])$/i.test(host);
}

export interface RequestedHost {
  readonly host: string;
  readonly port: number;
}

/** Ends an attempt. `detail` and `address` go into the log. */
export class EgressRefusal extends Error {
  override readonly name = "EgressRefusal";
  readonly rule: EgressRule;
  readonly address: string | null;

  constructor(rule: EgressRule, options: { detail?: string; address?: string } = {}) {
    super(options.detail ?? answers[rule].reason);
    this.rule = rule;
    this.address = options.address ?? null;
  }

  get verdict(): "refused" | "failed" {
    return answers[this.rule].verdict;
  }
}

export interface RefusalAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Status line, headers and body all say it, because some clients show only the first. `error` is a
 * sentence, as npm prints it.
 */
export function answerTo(
  { rule, message }: EgressRefusal,
  { host, port }: RequestedHost,
): RefusalAnswer {
  const { status, reason } = answers[rule];
  const how = advice(rule, { host, port });
  const detail = message === reason ? {} : { detail: message };
  const error = [`${reason}.`, ...Object.values(how)].join(" ");
  const body = `${JSON.stringify({ rule, error, ...detail, host, port, ...how })}\n`;
  return {
    status,
    reason: `${reason} (${rule})`,
    headers: {
      "content-type": "application/json",
      "content-length": `${Buffer.byteLength(body)}`,
      "x-paddock-rule": rule,
      connection: "close",
    },
    body,
  };
}

/** The same for a socket without a response object. */
export function answerText(refusal: EgressRefusal, asked: RequestedHost): string {
  const { status, reason, headers, body } = answerTo(refusal, asked);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reason}\r\n${lines.join("")}\r\n${body}`;
}

/** The fatal TLS alert `access_denied`. */
export const tlsAlert = Buffer.from([21, 3, 3, 0, 2, 2, 49]);
