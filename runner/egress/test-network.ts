/** Another resolver, and other places for addresses: so that tests reach only themselves. */
import * as z from "zod";
import type { Dial } from "./pinned.ts";

const place = z.string().regex(/^127\.0\.0\.1:\d{1,5}$/);
const TestNetwork = z.object({
  /** The only DNS server that is asked. */
  resolver: place,
  /** From an address and port, as checked, to where it is really found. */
  dial: z.record(z.string(), place),
  /** PEM: who vouches for the hosts that secrets are bound to. */
  roots: z.array(z.string()).optional(),
});

export interface NetworkOverride {
  readonly resolver: string | null;
  readonly dial: Dial;
  readonly roots?: readonly string[];
}

/** @throws {Error} When the text isn't of its form. The launcher refuses it in Google Cloud. */
export function readTestNetwork(text: string | undefined): NetworkOverride {
  if (text === undefined || text === "") {
    return { resolver: null, dial: (host, port) => ({ host, port }) };
  }
  const { resolver, dial, roots } = TestNetwork.parse(JSON.parse(text));
  return {
    resolver,
    ...(roots && { roots }),
    dial: (address, port) => {
      const [host = "", to = ""] = (dial[`${address}:${port}`] ?? "127.0.0.1:1").split(":");
      return { host, port: Number(to) };
    },
  };
}
