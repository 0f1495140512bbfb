/**
 * Identity tokens by which a service of ours may call another one: Cloud Run checks them before the
 * call arrives. The metadata server of the container issues them.
 */
import { ApiError } from "../errors/api-error.ts";

const path = "/computeMetadata/v1/instance/service-accounts/default/identity";
const tryMsMax = 5_000;
const tokenLengthMax = 16_384;
/** A token is good for an hour; one is asked for again before it could end on its way. */
const keptMs = 45 * 60_000;

export interface TokenSource {
  /** Where the metadata server is; another host only on a laptop. */
  readonly metadataHost: string;
  /** A monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** Keeps one token for each audience. */
export class InvokerTokens {
  readonly #source: TokenSource;
  readonly #kept = new Map<string, { readonly token: Promise<string>; readonly fromMs: number }>();

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /** @throws {ApiError} `UNAVAILABLE`, if there is none to be had. */
  async of(audience: string): Promise<string> {
    const nowMs = this.#source.now();
    const known = this.#kept.get(audience);
    if (known && nowMs - known.fromMs < keptMs) return await known.token;
    const token = this.#ask(audience);
    this.#kept.set(audience, { token, fromMs: nowMs });
    // What failed isn't kept: the next request asks again.
    token.catch(() => this.#kept.delete(audience));
    return await token;
  }

  async #ask(audience: string): Promise<string> {
    const query = new URLSearchParams({ audience, format: "full" });
    try {
      const answer = await fetch(`http://${this.#source.metadataHost}${path}?${query}`, {
        headers: { "metadata-flavor": "Google" },
        signal: AbortSignal.timeout(tryMsMax),
      });
      const text = (await answer.text()).trim();
      if (answer.ok && /^[\w.-]+$/.test(text) && text.length <= tokenLengthMax) return text;
      throw new ApiError("UNAVAILABLE", { cause: `the metadata server answered ${answer.status}` });
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError("UNAVAILABLE", { cause });
    }
  }
}
