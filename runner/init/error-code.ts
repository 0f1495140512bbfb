/**
 * Only the system's code, since the message may quote a value. The init loads no shared module.
 */
export function codeOf(error: unknown): string {
  const { code } = Object(error);
  return typeof code === "string" && /^[A-Z0-9_]{1,60}$/.test(code) ? code : "unknown";
}
