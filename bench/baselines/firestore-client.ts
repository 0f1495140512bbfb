/** Baseline: a function that loads the Firestore client and never uses it. */
import { Firestore } from "@google-cloud/firestore";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

const database = new Firestore({ projectId: process.env.GOOGLE_CLOUD_PROJECT ?? "" });
http("client", (_request, response) => {
  response.json({ database: database.databaseId });
});
getTestServer("client").listen(Number(process.env.PORT), "127.0.0.1");
// A killed process would leave no compiled code for the next one.
process.once("SIGTERM", () => process.exit(0));
