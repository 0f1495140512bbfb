/** Another resolver and other addresses, so that tests reach only themselves. */
import * as z from "zod";
import type { Dial } from "./pinned.ts";

/** Made where it is used, because each kind of schema takes time at its first use. */
function testNetwork() {
  const place = z.string().regex(/^127\.0\.0\.1:\d{1,5}$/);
  return z.object({
    /** The only DNS server to ask. */
    resolver: place,
    /** Maps a checked address and port to the real one. */
    dial: z.record(z.string(), place),
    /** PEM: the roots for hosts that secrets are bound to. */
    roots: z.array(z.string()).optional(),
  });
}

export interface NetworkOverride {
  readonly resolver: string | null;
  readonly dial: Dial;
  readonly roots?: readonly string[];
  /** Whether executions may reach Cloud Run's services, as in a project of their own. */
  readonly reachesServices?: boolean;
}

/** @throws {Error} If the text is malformed. In Google Cloud the launcher refuses it. */
export function readTestNetwork(text: string | undefined): NetworkOverride {
  if (text === undefined || text === "") {
    return { resolver: null, dial: (host, port) => ({ host, port }) };
  }
  const { resolver, dial, roots } = testNetwork().parse(JSON.parse(text));
  return {
    resolver,
    ...(roots && { roots }),
    dial: (address, port) => {
      const [host = "", to = ""] = (dial[`${address}:${port}`] ?? "127.0.0.1:1").split(":");
      return { host, port: Number(to) };
    },
  };
}
