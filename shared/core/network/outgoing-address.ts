/**
 * The form of every address that something is sent to because somebody named it: repositories,
 * webhooks, MCP servers, model providers, witnesses. Addresses are stored, shown and exported in
 * clear, so none may hold a password.
 */
import * as z from "zod";

const lengthMax = 2_000;
const shown = "It is stored, shown and exported as it is, also its query: put secrets elsewhere.";

interface AddressRules {
  readonly schemes: "https" | "https or http";
  /** Whether it may have a query, which everybody sees who sees the address. */
  readonly query: "taken" | "refused";
}

/** What an address must be, to end a sentence that begins with its field. */
export type AddressFault = `must be ${string}` | `can't ${string}`;

/** @returns The address, or what is wrong with it. */
export function parseOutgoingAddress(
  text: string,
  { schemes, query }: AddressRules,
): URL | AddressFault {
  const form = `must be an address that begins with ${schemes}://` as const;
  // Parsers drop blanks, and read a backslash as a slash, so others may see another host.
  if (text.length > lengthMax || /[\s\p{Cc}\\]/u.test(text)) return form;
  const scheme = /^(https?):\/\/[^/]/i.exec(text)?.[1]?.toLowerCase();
  const url = URL.parse(text);
  if (url === null || scheme === undefined) return form;
  if (scheme === "http" && schemes === "https") return form;
  if (url.username !== "" || url.password !== "") {
    return "can't hold a user or a password, since addresses are shown";
  }
  // An empty one is none to the parser.
  if (text.includes("#")) return "can't have a fragment";
  if (query === "refused" && text.includes("?")) return "can't have a query";
  return url;
}

/**
 * An address as answers show it. Earlier releases took some with a user and a password, which are
 * still sent where they lead, and shown to nobody.
 */
export function withoutUser(text: string): string {
  if (!text.includes("@")) return text;
  const url = /^https?:/i.test(text) ? URL.parse(text) : null;
  // What only looks like an address may hold a password before any of its signs.
  if (url === null) return text.slice(text.lastIndexOf("@") + 1);
  if (url.username === "" && url.password === "") return text;
  url.username = "";
  url.password = "";
  return url.href;
}

/** The schema of a field that holds such an address. */
export function outgoingAddress(rules: AddressRules) {
  return z
    .string()
    .max(lengthMax)
    .superRefine((text, context) => {
      const parsed = parseOutgoingAddress(text, rules);
      if (typeof parsed === "string") context.addIssue({ code: "custom", message: parsed });
    })
    .meta({ description: shown });
}
