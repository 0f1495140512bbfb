/**
 * Limits of requests that no test meets unawares: those of the deployment are tried where they are
 * meant. What a test's own limits say comes before them.
 */
const minuteMs = 60_000;
const wide = { max: 1_000_000 };

export const wideLimits = {
  ownerExecutions: null,
  // One process stands in for as many as the platform would start, and the machine may be slow.
  fairness: {
    ownerWaitingMax: 10_000,
    waitMsMax: 10 * minuteMs,
    openPerKeyMax: 10_000,
    openPerOwnerMax: 10_000,
    stalledMsMax: 10 * minuteMs,
  },
  requests: { perKey: wide, perOwner: wide, reads: wide, writes: wide, secrets: wide },
};
