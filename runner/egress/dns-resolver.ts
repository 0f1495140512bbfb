/** Resolves names outside of the sandbox, every time, without a cache. */
import { Resolver } from "node:dns/promises";
import { EgressRefusal } from "./refusal.ts";

export interface Names {
  /** Every address of `name`, IPv4 first. @throws {EgressRefusal} If there is none. */
  resolve(name: string): Promise<string[]>;
}

const queryTimeoutMs = 2_500;
const triesMax = 2;
const addressesMax = 64;

/** @param server `address:port` of the only server to ask; null for the system's. */
export function namesOf(server: string | null): Names {
  const resolver = new Resolver({ timeout: queryTimeoutMs, tries: triesMax });
  if (server !== null) resolver.setServers([server]);
  return {
    async resolve(name) {
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      const found = answers.flatMap((answer) =>
        answer.status === "fulfilled" ? answer.value : [],
      );
      // No honest host has more addresses.
      if (found.length > addressesMax) throw new EgressRefusal("name_not_found");
      if (found.length > 0) return found;
      const codes = answers.map((answer) => codeOf(answer));
      throw new EgressRefusal(codes.includes("ETIMEOUT") ? "timed_out" : "name_not_found");
    },
  };
}

function codeOf(answer: PromiseSettledResult<unknown>): string {
  if (answer.status === "fulfilled") return "";
  const { reason }: { reason: unknown } = answer;
  return reason instanceof Error && "code" in reason ? String(reason.code) : "";
}
