/** Puts the values of bound secrets into an outgoing request, in place of their placeholders. */
import type { Header } from "#shared/http/framing";
import type { BoundSecret } from "#shared/protocol/bound-secret";

/** A secret, and the placeholder that the sandbox has in its place. */
export interface PlacedSecret extends BoundSecret {
  readonly placeholder: string;
}

/** Basic credentials, as git sends them. */
const basicForm = /^(basic +)([A-Za-z0-9+/=]+)$/i;

/** Replaces placeholders with values, only in the headers that the secrets are bound to. */
export function insertSecrets([name, value]: Header, secrets: readonly PlacedSecret[]): Header {
  const lower = name.toLowerCase();
  const here = secrets.filter(({ headers }) => headers.includes(lower));
  const replaced = (text: string) =>
    here.reduce(
      (before, secret) => before.replaceAll(secret.placeholder, () => secret.value),
      text,
    );
  const [, scheme, packed] = (lower === "authorization" && basicForm.exec(value)) || [];
  if (scheme === undefined || packed === undefined) return [name, replaced(value)];
  // Decoded as bytes, because text next to a placeholder needn't be UTF-8. Bound values are ASCII.
  const said = Buffer.from(packed, "base64").toString("latin1");
  const meant = replaced(said);
  if (meant === said) return [name, value];
  return [name, scheme + Buffer.from(meant, "latin1").toString("base64")];
}
