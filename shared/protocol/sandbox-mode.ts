/** The two ways to build a sandbox; docs/sandbox.md explains when each is chosen. */

/**
 * `userns`: bubblewrap runs as the sandbox's own uid, in a user namespace. `setpriv`: bubblewrap
 * runs as root without one, and setpriv drops to that uid inside.
 */
export const sandboxModes = ["userns", "setpriv"] as const;
export type SandboxMode = (typeof sandboxModes)[number];

/**
 * How a runner names its mode when it claims. Gateways up to 0.1 know only these names, and during
 * a deployment a new runner may meet an old gateway.
 */
export const claimedModes = { userns: "A", setpriv: "B" } as const;

/** The mode that a runner of this release or of an earlier one claims with. */
export function modeOfClaim(claimed: SandboxMode | "A" | "B"): SandboxMode {
  if (claimed === "A") return "userns";
  return claimed === "B" ? "setpriv" : claimed;
}
