/** Baseline: the least a function on the functions framework can be. */
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

http("hello", (_request, response) => {
  response.json({ hello: "world" });
});
getTestServer("hello").listen(Number(process.env.PORT), "127.0.0.1");
// A process that is killed leaves no compiled code behind for the next.
process.once("SIGTERM", () => process.exit(0));
