import { afterEach, expect, test } from "vitest";
import { type HttpServer, startHttpServer } from "../../local/lib/http.ts";
import { clockOf } from "../clock.ts";
import { GoogleApi } from "../google/api.ts";
import type { DeployContext } from "./deploy-context.ts";
import { wakeHealthAlert } from "./health-alert.ts";

const policy = "projects/demo-1234/alertPolicies/7";
let server: HttpServer | null = null;
afterEach(async () => await server?.close());

/** A Google that keeps the marker, and the calls that would change something. */
function cloud() {
  const changes: string[] = [];
  const accessToken = () => Promise.resolve("a-token");
  const credentials = {
    from: "a test",
    needsQuotaProject: false,
    isShortLived: false,
    accessToken,
  };
  const google = new GoogleApi(credentials, "demo-1234", null);
  google.ask = (url, schema, { method = "GET", body } = {}) => {
    if (method !== "GET") changes.push(`${method} ${url} ${JSON.stringify(body ?? null)}`);
    const isKept = changes.some((change) => change.startsWith("POST"));
    return Promise.resolve(
      method === "GET" && !isKept
        ? { ok: false, status: 404, reason: "", message: "" }
        : { ok: true, value: schema.parse({}) },
    );
  };
  const options = { project: "demo-1234" } as DeployContext["options"];
  const rest = { credentials, endpoint: null, member: "", clock: clockOf(null) };
  return { changes, context: { google, options, ...rest } };
}

test("the alert that nobody reaches the API sleeps until it has answered, and wakes once", async () => {
  const { changes, context } = cloud();
  let status = 503;
  server = await startHttpServer((_request, response) => {
    response.writeHead(status).end();
    return Promise.resolve();
  });
  const { url } = server;
  await wakeHealthAlert(context, { url, health_alert: policy });
  expect(changes).toEqual([]);
  status = 200;
  await wakeHealthAlert(context, { url, health_alert: policy });
  expect(changes[0]).toContain(`v3/${policy}?updateMask=enabled`);
  expect(changes[0]).toContain('"enabled":true');
  await wakeHealthAlert(context, { url, health_alert: policy });
  expect(changes).toHaveLength(2);
});
