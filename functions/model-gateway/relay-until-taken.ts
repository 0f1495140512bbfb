import type { ServerResponse } from "node:http";
import { onceClosed } from "#shared/http/once-closed";

type Relay = (response: ServerResponse) => Promise<void>;

/**
 * The same answer, which gives back what was taken for it once its reader has it or is gone: until
 * then it is in memory, and readers may be in no hurry.
 */
export function relayUntilTaken(relay: Relay, leave: () => void): { readonly relay: Relay } {
  return {
    relay: async (response) => await relay(response).finally(() => onceClosed(response, leave)),
  };
}
