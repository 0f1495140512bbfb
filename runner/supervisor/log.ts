/**
 * Structured lines for Cloud Logging: ids, states and times; never a task, an output or a secret.
 */
export function log(
  severity: "INFO" | "WARNING" | "ERROR",
  message: string,
  fields: Readonly<Record<string, string | number | null>> = {},
): void {
  console.log(JSON.stringify({ severity, message, ...fields }));
}
