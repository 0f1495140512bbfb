import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { logRequest } from "./request-log.ts";

/** An alert counts errors, and a client must not be able to raise it. */
test.each([
  [404, "INFO"],
  [501, "INFO"],
  [500, "ERROR"],
  [503, "ERROR"],
])("an answer of %i is logged as %s", (status, severity) => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.statusCode = status;
  const request = { requestId: "r", method: "GET", route: "GET /v1/projects" };
  const caller = { address: "a", userAgent: "u", callerId: null, ownerId: null, error: null };
  logRequest({ ...request, ...caller }, response, performance.now());
  expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({ status, severity });
});
