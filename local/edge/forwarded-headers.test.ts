import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { answerHeaders } from "#shared/pipeline/pass-on";

/** The part of an answer that header handling looks at. */
function answerWith(...rawHeaders: string[]): IncomingMessage {
  const answer = new IncomingMessage(new Socket());
  Object.assign(answer, { rawHeaders, httpVersion: "1.1", statusCode: 200 });
  return answer;
}

test("headers may be called like the parts of every object, and come more than once", () => {
  const headers = answerHeaders(
    answerWith("Constructor", "a", "toString", "b", "X-Twice", "1", "x-twice", "2"),
  );
  expect(headers).toMatchObject({ constructor: "a", tostring: "b", "x-twice": ["1", "2"] });
});
