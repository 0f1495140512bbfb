/** Baseline: the smallest function on the functions framework. */
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

http("hello", (_request, response) => {
  response.json({ hello: "world" });
});
getTestServer("hello").listen(Number(process.env.PORT), "127.0.0.1");
// A killed process would leave no compiled code for the next one.
process.once("SIGTERM", () => process.exit(0));
