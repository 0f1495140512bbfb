import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { GoogleApi } from "../../deploy/google/api.ts";

type Answer = readonly [status: number, body: object];

/**
 * Google's APIs for one test, on one port, as a deployment's steps get them.
 * @param answer What they say to a request of that method and address.
 */
export async function googleThat(
  answer: (method: string, url: URL) => Answer,
  project = "demo-1234",
) {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const [status, body] = answer(request.method ?? "", url);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const credentials = {
    ...{ from: "a test", needsQuotaProject: false, isShortLived: false },
    accessToken: async () => "token",
  };
  const { port } = server.address() as AddressInfo;
  const google = new GoogleApi(credentials, project, `http://127.0.0.1:${port}`);
  return { google, options: { project } };
}
