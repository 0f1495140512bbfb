/** Baseline: a function that returns one document and doesn't authenticate. */
import { Firestore } from "@google-cloud/firestore";
import { http } from "@google-cloud/functions-framework";
import { getTestServer } from "@google-cloud/functions-framework/testing";

const { GOOGLE_CLOUD_PROJECT = "", BENCH_DOCUMENT = "", PORT } = process.env;
const database = new Firestore({ projectId: GOOGLE_CLOUD_PROJECT });
http("one-get", async (request, response) => {
  const snapshot = await database.doc(request.path.slice(1) || BENCH_DOCUMENT).get();
  response.json({ document: snapshot.data() });
});
getTestServer("one-get").listen(Number(PORT), "127.0.0.1");
// A killed process would leave no compiled code for the next one.
process.once("SIGTERM", () => process.exit(0));
