/** Structured lines for Cloud Logging. Never a task, an output, or a secret: ids, states, times. */
export function log(
  severity: "INFO" | "WARNING" | "ERROR",
  message: string,
  fields: Readonly<Record<string, string | number | null>> = {},
): void {
  console.log(JSON.stringify({ severity, message, ...fields }));
}
