/**
 * Structured lines for Cloud Logging: ids, states and times; never a task, an output or a secret.
 */
export function log(
  severity: "INFO" | "WARNING" | "ERROR",
  message: string,
  fields: Readonly<Record<string, string | number | null>> = {},
): void {
  process.stdout.write(`${JSON.stringify({ severity, message, ...fields })}\n`);
}

/**
 * Lets nothing else write there. Libraries warn in a stranger's words, such as the name of an MCP
 * server's tool, which may hold a secret, or lines that would read as ours.
 */
export function keepLibrariesQuiet(): void {
  for (const name of ["debug", "dir", "error", "info", "log", "table", "trace", "warn"] as const) {
    console[name] = () => undefined;
  }
}
