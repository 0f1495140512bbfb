/** `npm run smoke`: see `usage`. */
import colours from "picocolors";
import { readOptions, refuse } from "../scripts/tools/options.ts";
import { counted } from "./print.ts";
import { smokeChecks } from "./smoke/checks.ts";
import { runSmoke } from "./smoke/run.ts";

const usage = `
npm run smoke -- --url https://api.example.com [options]: tries a deployment out, and removes again
what it made. An operator's Google ID token is read from PADDOCK_OPERATOR_TOKEN; without one, what
needs an account isn't tried, and the exit code is 3. A broken promise is exit code 1.

  --url URL      where the API answers
  --only NAMES   of these, separated by commas:
${smokeChecks.map(({ name, promise }) => `                 ${name.padEnd(24)}${promise}`).join("\n")}`;

const values = readOptions(usage, { url: { type: "string" }, only: { type: "string" } });
const url = values.url === undefined ? null : URL.parse(values.url);
if (url === null || !["http:", "https:"].includes(url.protocol)) {
  refuse("Say where the API answers: --url https://api.example.com.");
}
const isHere = ["127.0.0.1", "localhost"].includes(url.hostname);
if (url.protocol === "http:" && !isHere) refuse("A deployment answers over https alone.");
const only = values.only?.split(",");
const unknown = only?.find((name) => !smokeChecks.some((check) => check.name === name));
if (unknown !== undefined) refuse(`There is no check ${unknown}.`);

const operatorToken = process.env.PADDOCK_OPERATOR_TOKEN ?? null;
const { passed, failed, notTried } = await runSmoke({
  url: url.origin,
  operatorToken,
  ...(only === undefined ? {} : { only }),
});
const verdict = failed > 0 ? colours.red(`${failed} failed`) : colours.green(`${passed} passed`);
const rest = notTried > 0 ? `, ${counted(notTried, "check")} not tried` : "";
console.log(`\n  ${verdict}${rest}`);
if (failed > 0) process.exitCode = 1;
else if (notTried > 0) process.exitCode = 3;
