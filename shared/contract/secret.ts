/** Secrets as the API takes them; nothing of it is ever given back but names, hosts and headers. */
import * as z from "zod";
import { detectSecretKind } from "../core/redaction/secret-kinds.ts";
import { isRedactable, redactableLengthMin } from "../core/redaction/units.ts";
import type { SecretBinding } from "../protocol/bound-secret.ts";
import { exactObject, takenForNothing } from "./exact.ts";
import { HostPattern } from "./network.ts";

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

/** What a connection is made of, and what decides who is asked. */
const keptHeaders =
  /^(?:host|connection|content-length|transfer-encoding|upgrade|te|trailer|expect)$/;
const HeaderName = z
  .string()
  .max(100)
  .transform((text) => text.toLowerCase())
  .refine((text) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(text), "must be the name of a header")
  .refine(
    (text) => !keptHeaders.test(text),
    "must be a header that carries values, not the request",
  );

const fields = {
  value: SecretValue,
  /** Bound to these, the sandbox never holds the value: see docs/secrets.md. */
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

/** How a list shows each secret, so a copy of an entry holds it. */
const shown = { hasValue: takenForNothing };

/** The name is the path's: what the body calls it is for the reader of the request. */
export const SecretWrite = exactObject({ ...fields, ...shown, key: takenForNothing })
  .refine(hasHosts, headersAlone)
  .refine(isBindable, unbindable);
export const SecretCreate = exactObject({ key: SecretKey, ...fields, ...shown })
  .refine(hasHosts, headersAlone)
  .refine(isBindable, unbindable);
export type SecretCreate = z.output<typeof SecretCreate>;

/** Where the secret may go; null for into the sandbox. */
export function bindingOf({ hosts, headers }: Omit<Written, "value">): SecretBinding | null {
  if (hosts === undefined) return null;
  return { hosts: [...new Set(hosts)], headers: [...new Set(headers ?? ["authorization"])] };
}

export const SecretWritten = z.object({
  success: z.literal(true),
  key: z.string(),
  message: z.string(),
});

/** What a client reads after storing a secret. */
export function storedMessage(value: string): string {
  return isRedactable(value)
    ? "Stored; it is sealed and never returned."
    : `Stored, but ${tooShort}.`;
}

const tooShort =
  `shorter than ${redactableLengthMin} characters, not counting line breaks and what is blank ` +
  "around it: it can't be redacted from output";

/** A sentence for each field that had better be otherwise. */
export const Warnings = z.array(z.string());

/** Of what may be read again: values that look like secrets, and secrets that can't be redacted. */
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
  return [...open, ...short.map(({ key }) => `The secret ${key} is ${tooShort}.`)];
}
