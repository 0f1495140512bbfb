/**
 * Limits of requests that no test meets unawares: those of the deployment are tried where they are
 * meant. What a test's own limits say comes before them.
 */
const wide = { max: 1_000_000 };

export const wideLimits = {
  ownerExecutions: null,
  // One process stands in for as many as the platform would start.
  fairness: { ownerWaitingMax: 10_000, openPerKeyMax: 10_000, openPerOwnerMax: 10_000 },
  requests: { perKey: wide, perOwner: wide, reads: wide, writes: wide, secrets: wide },
};
