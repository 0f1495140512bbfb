/**
 * Request limits that no test reaches by accident; the deployment's own are tested on purpose
 * elsewhere. A test's own limits override them.
 */
const minuteMs = 60_000;
const wide = { max: 1_000_000 };

export const wideLimits = {
  // What one file's refusals cost isn't counted in the next file.
  refusedUsesWrittenMs: 100,
  ownerExecutions: null,
  // One process takes the load of all that the platform would start, and the machine may be slow.
  fairness: {
    ownerWaitingMax: 10_000,
    waitMsMax: 10 * minuteMs,
    openPerKeyMax: 10_000,
    openPerOwnerMax: 10_000,
    stalledMsMax: 10 * minuteMs,
  },
  requests: {
    perKey: wide,
    perOwner: wide,
    reads: wide,
    writes: wide,
    secrets: wide,
    public: wide,
  },
};
