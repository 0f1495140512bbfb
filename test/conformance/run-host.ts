/**
 * Starts the jobs server with options from JSON and prints its port, so that a test can kill it.
 */
import { startRun } from "../../local/run/server.ts";

const run = await startRun(JSON.parse(process.argv[2] ?? "{}"));
console.log(run.port);
