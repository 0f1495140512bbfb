/** What a user reads who is refused, or reaches nothing: where it is from and what to do. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { ApiClient } from "./api-client.ts";
import { entered, sentenceOfLoss } from "./refusal-sentences.ts";

const wellFormed = `tb_prod_${"0".repeat(64)}`;
const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close().closeAllConnections();
});

interface Key {
  readonly apiKey?: string;
  readonly source?: string;
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `127.0.0.1:${Object(server.address()).port}`;
}

/** What the client says of that answer, with the address as `URL`. */
async function saidOf(status: number, body: string, key: Key = {}): Promise<string> {
  const isPage = body.startsWith("<");
  const host = await listening((_, response) => {
    response.writeHead(status, { "content-type": isPage ? "text/html" : "application/json" });
    response.end(body);
  });
  return await failureAt(`http://${host}`, key);
}

async function failureAt(apiUrl: string, key: Key = {}): Promise<string> {
  const origin = { apiKey: wellFormed, source: "profile default", ...key, apiUrl };
  const client = new ApiClient({ ...origin, urlSource: "PADDOCK_API_URL" }, () => undefined);
  const failed = await client.send("/budget").then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : "no error"),
  );
  return failed.replace(apiUrl, "URL");
}

function refusal(code: string, message: string, details?: unknown): string {
  return JSON.stringify({ error: "E", code, message, details, requestId: "req_1" });
}

describe("a refused key is said to be that of", () => {
  const bad = refusal("UNAUTHORIZED", "Send a valid API key as Authorization: Bearer <key>.");
  const why = "it is mistyped, revoked, expired, or of another deployment.";

  test.each([
    ["PADDOCK_API_KEY", "Set another one there, or unset it for a stored login."],
    ["profile default", "Store another one: `paddock login`."],
    ["profile work", "Store another one: `paddock login --profile work`."],
  ])("%s", async (source, hint) => {
    expect(await saidOf(401, bad, { source })).toBe(
      `URL refuses the key of ${source}: ${why} ${hint} (request req_1)`,
    );
  });

  test("nothing yet, when it is entered", async () => {
    expect(await saidOf(401, bad, { source: entered })).toBe(
      `URL refuses the key that was entered: ${why} (request req_1)`,
    );
  });

  test("a form that no deployment's keys have", async () => {
    expect(await saidOf(401, bad, { apiKey: "tb_prod_abc" })).toContain(
      "profile default: it isn't tb_prod_ or tb_dev_ with 64 hexadecimal digits. Store another",
    );
  });

  test("its kind, where the API says so itself", async () => {
    const kind = refusal("UNAUTHORIZED", "This deployment refuses development keys.");
    expect(await saidOf(401, kind)).toBe(
      "This deployment refuses development keys. Store another one: `paddock login`. (request req_1)",
    );
  });
});

test("a missing scope is named with the key that lacks it", async () => {
  const message = "The API key lacks the scope keys:write.";
  expect(await saidOf(403, refusal("FORBIDDEN", message), { source: "PADDOCK_API_KEY" })).toBe(
    `${message} It is that of PADDOCK_API_KEY: use one with that scope, or let such a one make it (\`paddock keys create NAME --scope keys:write\`). (request req_1)`,
  );
});

test("a limit of money is said with the command that shows it", async () => {
  const message = "The balance can't cover this execution.";
  expect(await saidOf(402, refusal("INSUFFICIENT_BUDGET", message))).toBe(
    `${message} \`paddock budget\` shows what is left, and the limits. (request req_1)`,
  );
});

describe("an answer of something else than this API is said to be one:", () => {
  const address = "Check the address, which is of PADDOCK_API_URL.";
  const other = "there may be another service, or a proxy before it";

  test.each([
    ["a page", 404, "<html>", `URL answered 404 with a web page: ${other}. ${address}`],
    [
      "a proxy's page",
      502,
      "<html>",
      `URL answered 502 with a web page: a proxy before the deployment may not reach it: try again later. ${address}`,
    ],
    [
      "another service's JSON",
      404,
      '{"message": "Not Found"}',
      `URL answered 404 with something else than this API's JSON: ${other}. ${address}`,
    ],
  ])("%s", async (_, status, body, said) => {
    expect(await saidOf(status, body)).toBe(said);
  });
});

describe("where nothing answers, the reason is said:", () => {
  test("nothing listens", async () => {
    const host = await listening(() => undefined);
    for (const server of open.splice(0)) await new Promise((closed) => server.close(closed));
    expect(await failureAt(`http://${host}`)).toBe(
      "URL can't be reached: nothing listens there. Is `npm start` running?",
    );
  });

  test("https is asked of what speaks http", async () => {
    const host = await listening(() => undefined);
    expect(await failureAt(`https://${host}`)).toBe(
      "URL can't be reached: it doesn't speak https there.",
    );
  });

  test("the address leads elsewhere", async () => {
    const host = await listening((_, response) => {
      response.writeHead(302, { location: "https://example.com/" }).end();
    });
    expect(await failureAt(`http://${host}`)).toBe(
      "URL sends elsewhere, where a key must not follow: use the address it leads to.",
    );
  });

  test.each([
    ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate isn't trusted (NODE_EXTRA_CA_CERTS names"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its certificate isn't trusted"],
    ["CERT_HAS_EXPIRED", "its certificate has expired."],
    ["ENOTFOUND", "there is no host of that name."],
    ["EWHATEVER", "the connection broke (EWHATEVER)."],
  ])("%s", (code, said) => {
    const cause = Object.assign(new Error("x"), { code });
    const error = new TypeError("fetch failed", { cause });
    expect(sentenceOfLoss("https://a.example.com", error)).toContain(`can't be reached: ${said}`);
  });
});
