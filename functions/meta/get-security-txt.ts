import { config, securityContacts } from "#shared/config";
import { publicRead } from "#shared/pipeline/public-read";
import { query } from "#shared/pipeline/route";

const dayMs = 86_400_000;
/**
 * Contacts are settings of the deployment, so they are true while it answers. RFC 9116 wants less
 * than a year, and a copy that nobody renews should be doubted soon.
 */
const validDays = 30;

/** How to report a weakness of this deployment, in the form of RFC 9116 (OPS-4). */
export const getSecurityTxt = query({
  ...publicRead,
  endpoint: "GET /.well-known/security.txt",
  summary: "How to report a weakness, and when to expect an answer (RFC 9116).",
  reply: { 200: "bytes" },
  read: "nothing",
  answer({ now, request }) {
    const text = securityTxt(now);
    return {
      status: 200,
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "content-length": String(Buffer.byteLength(text)),
      },
      stream: async (response) => {
        if (request.method !== "HEAD") response.write(text);
      },
    };
  },
});

/** Lines end with CRLF, and the text only changes from one day to the next. */
function securityTxt(now: number): string {
  const { PADDOCK_DOMAIN: domain, PADDOCK_SECURITY_POLICY: policy } = config();
  const expires = new Date(now - (now % dayMs) + validDays * dayMs);
  return [
    "# Please report a weakness privately. You get an answer within 24 hours.",
    ...securityContacts().map((contact) => `Contact: ${contact}`),
    `Expires: ${expires.toISOString()}`,
    "Preferred-Languages: en",
    ...(domain === undefined ? [] : [`Canonical: https://${domain}/.well-known/security.txt`]),
    ...(policy === undefined ? [] : [`Policy: ${policy}`]),
    "",
  ].join("\r\n");
}
