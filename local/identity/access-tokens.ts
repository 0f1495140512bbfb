/** The access tokens that metadata servers have given out, and whom each speaks for. */
import { randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";

const lifetimeS = 3_599;
const tokensMax = 10_000;

export interface AccessToken {
  readonly access_token: string;
  readonly expires_in: number;
  readonly token_type: "Bearer";
}

export class AccessTokens {
  readonly #emails = new LRUCache<string, string>({ max: tokensMax, ttl: lifetimeS * 1_000 });

  issue(email: string): AccessToken {
    const token = `local.${randomBytes(24).toString("base64url")}`;
    this.#emails.set(token, email);
    return { access_token: token, expires_in: lifetimeS, token_type: "Bearer" };
  }

  /** The account that an `Authorization` header speaks for; null for none that lives. */
  bearerOf(header: string | undefined): string | null {
    const token = /^Bearer (\S+)$/.exec(header ?? "")?.[1];
    return token === undefined ? null : (this.#emails.get(token) ?? null);
  }
}
