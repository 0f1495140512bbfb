import { config, mailLogin, required } from "../config.ts";

const sendMsMax = 20_000;

export interface Mail {
  /** The same for all attempts, so that a mailbox finds repetitions. */
  readonly id: string;
  readonly address: string;
  /** Our own words. */
  readonly subject: string;
  readonly text: string;
}

/**
 * Hands a mail to the deployment's server. Nothing that a user wrote is in the envelope or in a
 * header, except the checked address.
 * @returns null if the server took it; otherwise why not, in our own words.
 */
export async function sendMail({ id, address, subject, text }: Mail): Promise<string | null> {
  const { PADDOCK_MAIL_SERVER: server, PADDOCK_NOTIFICATIONS_TEST: test } = config();
  if (server === undefined) return "this deployment has no mail server";
  const from = required("PADDOCK_MAIL_FROM");
  // Loaded on first use: most calls send nothing.
  const { createTransport } = await import("nodemailer");
  const [host = "", port = "465"] = server.split(":");
  const isLocal = test === "loopback";
  const login = mailLogin();
  const transport = createTransport({
    host,
    port: Number(port),
    secure: port === "465",
    requireTLS: !isLocal,
    ignoreTLS: isLocal,
    ...(login ? { auth: { user: login.user, pass: login.password } } : {}),
    connectionTimeout: sendMsMax / 2,
    greetingTimeout: sendMsMax / 2,
    socketTimeout: sendMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("the mail server didn't answer in time"), sendMsMax);
  const domain = from.slice(from.indexOf("@") + 1);
  const sent = transport.sendMail({
    envelope: { from, to: [address] },
    from: { name: "Paddock", address: from },
    to: { name: "", address },
    subject,
    text,
    messageId: `<${id}@${domain}>`,
    headers: { "auto-submitted": "auto-generated" },
  });
  try {
    return await Promise.race([sent.then(isTaken, whyNot), late.promise]);
  } finally {
    clearTimeout(timer);
    transport.close();
  }
}

function isTaken({ accepted }: { readonly accepted: readonly unknown[] }): string | null {
  return accepted.length > 0 ? null : "the mail server refused the address";
}

/** The server's own words may quote the address, so only its number is kept. */
function whyNot(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "responseCode") : undefined;
  return typeof code === "number"
    ? `the mail server answered ${code}`
    : "the mail server can't be reached";
}
