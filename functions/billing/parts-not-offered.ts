/** Parts of the public API's billing that a deployment without payments doesn't have. */
import { notOffered } from "#shared/pipeline/not-offered";

export const partsNotOffered = [
  notOffered("POST /v1/billing/apple/verify-transaction", "Purchases on phones aren't"),
  notOffered("POST /v1/billing/inference/test", "A model provider of one's own isn't"),
];
