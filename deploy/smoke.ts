/** `npm run smoke`: see `usage`. */
import colours from "picocolors";
import { readOptions, refuse } from "../scripts/tools/options.ts";
import { counted } from "./print.ts";
import { smokeChecks } from "./smoke/checks.ts";
import { runSmoke } from "./smoke/run.ts";

const usage = `
npm run smoke -- --url https://api.example.com [options]: checks a deployment, and removes what the
checks made. The environment variable PADDOCK_OPERATOR_TOKEN holds an operator's Google ID token;
without it, the checks that need an account are skipped, and the exit code is 3. If a check fails,
the exit code is 1.

  --url URL      the address of the API
  --only NAMES   run only these checks, separated by commas:
${smokeChecks.map(({ name, promise }) => `                 ${name.padEnd(24)}${promise}`).join("\n")}`;

const values = readOptions(usage, { url: { type: "string" }, only: { type: "string" } });
const url = values.url === undefined ? null : URL.parse(values.url);
if (url === null || !["http:", "https:"].includes(url.protocol)) {
  refuse("Give the address of the API: --url https://api.example.com.");
}
const isLocal = ["127.0.0.1", "localhost"].includes(url.hostname);
if (url.protocol === "http:" && !isLocal) refuse("A deployment must be reached over https.");
const only = values.only?.split(",");
const unknown = only?.find((name) => !smokeChecks.some((check) => check.name === name));
if (unknown !== undefined) refuse(`There is no check called ${unknown}.`);

const operatorToken = process.env.PADDOCK_OPERATOR_TOKEN ?? null;
const { passed, failed, notTried } = await runSmoke({
  url: url.origin,
  operatorToken,
  ...(only === undefined ? {} : { only }),
});
const verdict = failed > 0 ? colours.red(`${failed} failed`) : colours.green(`${passed} passed`);
const rest = notTried > 0 ? `, ${counted(notTried, "check")} skipped` : "";
console.log(`\n  ${verdict}${rest}`);
if (failed > 0) process.exitCode = 1;
else if (notTried > 0) process.exitCode = 3;
