import { openLogFile } from "../functions/log-file.ts";
import type { LogLine } from "../run/container-host.ts";
import { region } from "./names.ts";

/** What executions print, as the entries Cloud Logging makes of a job's standard output. */
export interface ExecutionLog {
  append(line: LogLine): void;
  close(): Promise<void>;
}

export function openExecutionLog(path: string): ExecutionLog {
  const file = openLogFile(path);
  return {
    append({ executionId, stream, line }) {
      const jobName = executionId.slice(0, executionId.lastIndexOf("-"));
      const entry = {
        severity: stream === "stderr" ? "ERROR" : "DEFAULT",
        timestamp: new Date().toISOString(),
        resource: { type: "cloud_run_job", labels: { job_name: jobName, location: region } },
        labels: { "run.googleapis.com/execution_name": executionId },
        ...payload(line),
      };
      file.append(JSON.stringify(entry));
    },
    close: () => file.close(),
  };
}

/** A line that is a JSON object is the entry's structure; any other is its text. */
function payload(line: string): object {
  if (!line.startsWith("{")) return { textPayload: line };
  try {
    return { jsonPayload: JSON.parse(line) };
  } catch {
    return { textPayload: line };
  }
}
