/** Starts the jobs server with the options given as JSON and prints its port: a process to kill. */
import { startRun } from "../../local/run/server.ts";

const run = await startRun(JSON.parse(process.argv[2] ?? "{}"));
console.log(run.port);
