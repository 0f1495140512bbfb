import { createHash } from "node:crypto";

/** Prompts shorter than this aren't cached, as at both providers. */
const cachedTokensMin = 1024;
const entriesMax = 10_000;
/** Anthropic looks for an entry this many blocks before a breakpoint. */
const lookbackBlocks = 20;

export interface PromptBlock {
  /** Its bytes as the prefix counts them. */
  readonly text: string;
  readonly tokens: number;
  /** How long a prefix that ends here is kept, if the request marks it. */
  readonly ttl: "5m" | "1h" | null;
}

/** Entries never expire: a test runs for less than their time to live. */
export class PromptCache {
  readonly #entries = new Set<string>();

  /** What is read and written if breakpoints are marked, as Anthropic's cache does. */
  readMarked(model: string, blocks: readonly PromptBlock[]) {
    const prefixes = prefixesOf(model, blocks);
    const marked = prefixes.flatMap((each, index) => (each.ttl === null ? [] : [index]));
    let read = 0;
    for (const index of marked) {
      for (let back = index; back >= Math.max(0, index - lookbackBlocks); back -= 1) {
        const prefix = prefixes[back];
        if (prefix === undefined || !this.#entries.has(prefix.digest)) continue;
        read = Math.max(read, prefix.tokens);
        break;
      }
    }
    let written = read;
    const writes = { "5m": 0, "1h": 0 };
    for (const index of marked) {
      const prefix = prefixes[index];
      if (prefix === undefined || prefix.ttl === null || prefix.tokens < cachedTokensMin) continue;
      this.#add(prefix.digest);
      if (prefix.tokens <= written) continue;
      writes[prefix.ttl] += prefix.tokens - written;
      written = prefix.tokens;
    }
    const total = prefixes.at(-1)?.tokens ?? 0;
    return {
      uncachedInputTokens: total - written,
      cacheReadTokens: read,
      cacheWrite5mTokens: writes["5m"],
      cacheWrite1hTokens: writes["1h"],
    };
  }

  /** What is read if every prefix is cached unasked, as at OpenAI and Gemini. */
  readImplicit(model: string, blocks: readonly PromptBlock[]) {
    const prefixes = prefixesOf(model, blocks);
    const hit = prefixes.findLast((each) => this.#entries.has(each.digest))?.tokens ?? 0;
    for (const prefix of prefixes) this.#add(prefix.digest);
    const read = hit < cachedTokensMin ? 0 : hit - (hit % 128);
    const total = prefixes.at(-1)?.tokens ?? 0;
    return {
      uncachedInputTokens: total - read,
      cacheReadTokens: read,
      cacheWrite5mTokens: 0,
      cacheWrite1hTokens: 0,
    };
  }

  #add(digest: string): void {
    this.#entries.add(digest);
    if (this.#entries.size <= entriesMax) return;
    for (const oldest of this.#entries) {
      this.#entries.delete(oldest);
      break;
    }
  }
}

function prefixesOf(model: string, blocks: readonly PromptBlock[]) {
  const hash = createHash("sha256").update(model);
  let tokens = 0;
  return blocks.map((block) => {
    hash.update("\0").update(block.text);
    tokens += block.tokens;
    return { digest: hash.copy().digest("base64"), tokens, ttl: block.ttl };
  });
}

/** An image's tokens don't depend on its bytes. */
const imageTokens = 1_500;

/** A block of a request in canonical bytes; what the provider doesn't count is left out. */
export function promptBlock(value: unknown, ttl: PromptBlock["ttl"] = null): PromptBlock {
  let images = 0;
  const text = JSON.stringify(value, (key, inner: unknown) => {
    if (key === "cache_control") return;
    if (key === "data" && typeof inner === "string" && inner.length > 256) {
      images += 1;
      return createHash("sha256").update(inner).digest("hex");
    }
    return inner;
  });
  return { text, tokens: Math.ceil(Buffer.byteLength(text) / 4) + images * imageTokens, ttl };
}
