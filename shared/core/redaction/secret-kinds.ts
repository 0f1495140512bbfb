/**
 * Recognises values that look like secrets, so that a client that stores one openly is warned
 * (SEC-7).
 */

/**
 * How the tokens of common services begin, in the form that each service publishes. They are
 * searched in long texts too, so no pattern begins with a repetition: a token's header and an
 * address's scheme, which may have any length, are recognised by their end.
 */
const forms: readonly (readonly [what: string, form: RegExp])[] = [
  ["a GitHub token", /\b(?:gh[pousr]_[A-Za-z0-9]{30}|github_pat_\w{30})/],
  ["a GitLab token", /\bglpat-[\w-]{20}/],
  ["an AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["a Google API key", /\bAIza[\w-]{35}/],
  ["a Google access token", /\bya29\.[\w-]{20}/],
  ["a Slack token", /\bxox[abeoprs]-[A-Za-z0-9-]{10}/],
  ["a Slack webhook", /hooks\.slack\.com\/services\/[A-Za-z0-9/]{20}/],
  ["a Stripe key", /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16}/],
  ["a key of a model provider", /\bsk-[\w-]{20}/],
  ["an npm token", /\bnpm_[A-Za-z0-9]{36}/],
  ["a PyPI token", /\bpypi-[\w-]{50}/],
  ["a SendGrid key", /\bSG\.[\w-]{16,}\.[\w-]{16}/],
  ["a Hugging Face token", /\bhf_[A-Za-z0-9]{30}/],
  ["an API key of this service", /\btb_(?:prod|dev)_[0-9a-f]{64}\b/],
  ["a JSON web token", /[\w-]{13}\.eyJ[\w-]{10,}\.[\w-]/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["an address with a password in it", /[a-z0-9+.-]:\/\/[^\s/:@]*:[^\s/@]+@/i],
];

const tokenForm = /^[A-Za-z0-9+/=_~.-]{20,512}$/;
const hexForm = /^[0-9a-f]{32,}$/i;
const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Names, paths and versions consist of words; random text is long and changes constantly. */
const partLengthMin = 12;
const wordLengthMin = 3;
/** Entropy in bits per character: 32 random base64 characters have at least 4.3, hex 3.4. */
const entropyBitsMin = { token: 3.8, hex: 3.2 };

/** The kind of secret that `value` looks like; null if none. This is only a guess. */
export function detectSecretKind(value: string): string | null {
  for (const [what, form] of forms) if (form.test(value)) return what;
  if (!tokenForm.test(value) || uuidForm.test(value)) return null;
  const entropyBits = entropyBitsOf(value);
  if (hexForm.test(value)) return entropyBits >= entropyBitsMin.hex ? "a random value" : null;
  const [longest = ""] = value.split(/[+/=_~.-]+/).sort((a, b) => b.length - a.length);
  const words = longest.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
  const isWordy = longest.length < partLengthMin || longest.length >= words.length * wordLengthMin;
  return !isWordy && entropyBits >= entropyBitsMin.token ? "a random value" : null;
}

/** Shannon entropy in bits per character. */
function entropyBitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const unit of text) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  const shares = [...counts.values()].map((count) => count / text.length);
  return -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}
