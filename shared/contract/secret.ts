/** Secrets as the API takes them. It only ever returns names, hosts and headers. */
import * as z from "zod";
import { detectSecretKind } from "../core/redaction/secret-kinds.ts";
import { isRedactable, redactableLengthMin } from "../core/redaction/units.ts";
import type { SecretBinding } from "../protocol/bound-secret.ts";
import { exactObject, takenForNothing } from "./exact.ts";
import { HostPattern } from "./network.ts";
import { Warnings } from "./unsupported.ts";

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
export const SecretKey = z
  .string()
  .regex(variableName, "must be made of letters, digits and _, and not begin with a digit")
  .max(128);
export const secretBytesMax = 64 * 1024;
const boundMax = 20;
const boundBytesMax = 8 * 1024;
export const secretsMax = 100;

export const SecretValue = z
  .string()
  .min(1)
  .refine((value) => Buffer.byteLength(value) <= secretBytesMax, "must have at most 64 KiB");

/**
 * What a bound secret's exchange leaves out or writes itself: what makes up a connection, is for a
 * proxy, frames, or decides which host answers. A secret in it would never arrive.
 */
const keptHeaders = new Set([
  ...["accept-encoding", "connection", "content-length", "expect", "host", "http2-settings"],
  ...["keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"],
  ...["trailer", "transfer-encoding", "upgrade"],
]);
const HeaderName = z
  .string()
  .max(100)
  .transform((text) => text.toLowerCase())
  .refine((text) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(text), "must be the name of a header")
  .refine(
    (text) => !keptHeaders.has(text),
    "must be a header that carries values, not the request",
  );

const fields = {
  value: SecretValue,
  /** A value that is bound to hosts never enters the sandbox; see docs/secrets.md. */
  hosts: z.array(HostPattern).min(1).max(boundMax).optional(),
  headers: z.array(HeaderName).min(1).max(boundMax).optional(),
};

interface Written {
  readonly value: string;
  readonly hosts?: readonly string[] | undefined;
  readonly headers?: readonly string[] | undefined;
}

const headersAlone = {
  path: ["hosts"],
  message: "is required beside headers: only a secret that is bound to hosts goes into headers",
};
const isBindable = ({ value, hosts }: Written) =>
  hosts === undefined || (/^[\x20-\x7e]+$/.test(value) && value.length <= boundBytesMax);
const unbindable = {
  path: ["value"],
  message: "must be printable ASCII of at most 8 KiB, since it goes into headers",
};
const hasHosts = ({ hosts, headers }: Written) => headers === undefined || hosts !== undefined;

/** Lists show this field, so clients that copy an entry send it. */
const shown = { hasValue: takenForNothing };

/** The path names the secret, so a name in the body has no effect. */
export const SecretWrite = exactObject({ ...fields, ...shown, key: takenForNothing })
  .refine(hasHosts, headersAlone)
  .refine(isBindable, unbindable);
export const SecretCreate = exactObject({ key: SecretKey, ...fields, ...shown })
  .refine(hasHosts, headersAlone)
  .refine(isBindable, unbindable);
export type SecretCreate = z.output<typeof SecretCreate>;

/** The hosts and headers that a secret is bound to; null if it goes into the sandbox. */
export function bindingOf({ hosts, headers }: Omit<Written, "value">): SecretBinding | null {
  if (hosts === undefined) return null;
  return { hosts: [...new Set(hosts)], headers: [...new Set(headers ?? ["authorization"])] };
}

export const SecretWritten = z.object({
  success: z.literal(true),
  key: z.string(),
  message: z.string(),
});

export const SecretStored = SecretWritten.extend({ warnings: Warnings });

/** What a client reads after storing a secret. */
export function storedBody(key: string, value: string): z.input<typeof SecretStored> {
  const message = "Stored; it is sealed and never returned.";
  return { success: true, key, message, warnings: warningsOf([], [{ key, value }]) };
}

const tooShort =
  `shorter than ${redactableLengthMin} characters, not counting line breaks and what is blank ` +
  "around it: it can't be redacted from output";

/**
 * Warns of plain values that look like secrets, of secrets that can't be redacted, and of values
 * that don't count.
 */
export function warningsOf(
  variables: readonly { readonly key: string; readonly value: string }[],
  secrets: readonly { readonly key: string; readonly value: string }[],
): string[] {
  const open = variables.flatMap(({ key, value }) => {
    const sign = detectSecretKind(value);
    if (sign === null) return [];
    return [`The variable ${key} looks like ${sign}: send it as a secret, or it isn't sealed.`];
  });
  const short = secrets.filter(({ value }) => !isRedactable(value));
  return [
    ...open,
    ...short.map(({ key }) => `The secret ${key} is ${tooShort}.`),
    ...repeated("variable", variables),
    ...repeated("secret", secrets),
  ];
}

function repeated(kind: string, given: readonly { readonly key: string }[]): string[] {
  const times = new Map<string, number>();
  for (const { key } of given) times.set(key, (times.get(key) ?? 0) + 1);
  return [...times].flatMap(([key, count]) =>
    count === 1 ? [] : [`The ${kind} ${key} is given ${count} times: only its last value counts.`],
  );
}
