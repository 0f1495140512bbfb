/** Reads Terraform's errors: which pass by themselves, and what a person does about the others. */

/**
 * Errors that pass. A new grant or service takes two minutes to work everywhere, or seven and more
 * (cloud.google.com/iam/docs/access-change-propagation).
 */
const passing: readonly { readonly sign: RegExp; readonly why: string }[] = [
  {
    sign: /SERVICE_DISABLED|has not been used in project/,
    why: "a service that was just enabled isn't on everywhere",
  },
  {
    sign: /Permission denied on secret/,
    why: "an account's access to its secret doesn't work everywhere yet",
  },
  {
    sign: /must have permission to read the image|Permission .?artifactregistry\S* denied/,
    why: "Cloud Run's agent may not read the images everywhere yet",
  },
  {
    sign: /Permission denied on Cloud KMS key|Permission .?cloudkms\S* denied/i,
    why: "an agent's access to its key doesn't work everywhere yet",
  },
  {
    sign: /iam\.serviceaccounts\.actAs/i,
    why: "the right to hand over an account doesn't work everywhere yet",
  },
  {
    sign: /[Ss]ervice account \S+ does not exist|Principal \S+ does not exist/,
    why: "a new account isn't known everywhere",
  },
  {
    sign: /denied by attestor|No attestations found/,
    why: "Cloud Build's attestation of an image isn't to be seen everywhere yet",
  },
  { sign: /take .* to propagate/, why: "a change hasn't reached everything yet" },
  { sign: /resourceNotReady|is not ready/, why: "something that others need isn't ready" },
  { sign: /Cannot find metric/, why: "a new metric isn't known everywhere" },
  {
    sign: /Error 409|\bABORTED\b|concurrent policy changes|too much contention/,
    why: "Google was changing the same thing at the same time",
  },
  {
    sign: /Error 429|RESOURCE_EXHAUSTED|rateLimitExceeded/,
    why: "Google takes no more changes in this minute",
  },
];

const exists = /already exists|alreadyExists|ALREADY_EXISTS/;

export type ApplyFailure =
  | { readonly kind: "passes"; readonly why: string }
  | { readonly kind: "stays"; readonly sentence: string };

const usual =
  "Terraform didn't finish; what it has made stays. Put right what it says above, then run the same command again.";

/** @param output of `terraform apply`. One error that stays makes the whole failure stay. */
export function explainFailure(output: string): ApplyFailure {
  const errors = output.split(/^[│╷╵\s]*Error: /m).slice(1);
  const reasons: string[] = [];
  for (const error of errors) {
    if (exists.test(error)) return { kind: "stays", sentence: existing(error) };
    const found = passing.find(({ sign }) => sign.test(error));
    if (found === undefined) return { kind: "stays", sentence: usual };
    reasons.push(found.why);
  }
  const [why] = reasons;
  return why === undefined ? { kind: "stays", sentence: usual } : { kind: "passes", why };
}

/** Something was made, and the run was killed before Terraform had written that down. */
function existing(error: string): string {
  const address = /with ([^\s,]+),/.exec(error)?.[1] ?? "what Terraform names above";
  return `${address} exists, but isn't in the state: a run was stopped while it was made. Delete it, or take it over with terraform import '${address}' ID (the provider's page says which ID), then run the same command again.`;
}
