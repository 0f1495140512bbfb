/** The largest variable that is taken is one that programs start with. */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { endOf, newOrchestration, shown, startRun } from "../kit/orchestrations.ts";
import { newEnvironment, newOwner, newThread } from "../kit/owners.ts";

/** What Linux takes for `NAME=value`. */
const bytesMax = 131_071;
const name = "BIG";
const roomOf = bytesMax - Buffer.byteLength(`${name}=`);
const wide = "海".repeat(Math.floor(roomOf / 3));
const largest = wide + "x".repeat(roomOf - Buffer.byteLength(wide));

test("of a message, with a byte more refused", async () => {
  const { key } = await newOwner();
  const path = `/v1/threads/${await newThread(key)}/messages`;
  const content = `env printenv ${name} | wc -c`;
  const tooLong = await send(path, { key, body: { content, envVars: { [name]: `${largest}x` } } });
  expect(tooLong.status).toBe(400);
  expect(tooLong.json.details).toMatchObject([
    {
      field: `envVars.${name}`,
      message: "must have at most 131071 bytes of UTF-8 with its name",
    },
  ]);
  const body = { content, envVars: { [name]: largest }, stream: false };
  const answer = await send(path, { key, body });
  expect(answer.text).toContain(String(Buffer.byteLength(largest) + 1));
});

test("of an environment, with a byte more refused", async () => {
  const { key } = await newOwner();
  const variablesOf = (value: string) => [{ key: name, value }];
  const body = { name: "large", environmentVariables: variablesOf(`${largest}x`) };
  const refused = await send("/v1/environments", { key, body });
  expect(refused.json.details).toMatchObject([{ field: "environmentVariables.0.value" }]);
  const environmentId = await newEnvironment(key, { environmentVariables: variablesOf(largest) });
  const path = `/v1/threads/${await newThread(key, { environmentId })}/messages`;
  const content = `env printenv ${name} | wc -c`;
  const answer = await send(path, { key, body: { content, stream: false } });
  expect(answer.text).toContain(String(Buffer.byteLength(largest) + 1));
});

test("of a step, whose earlier answers are cut to fit in bytes", async () => {
  const { key } = await newOwner();
  const answering = `node -e 'console.log("海".repeat(15000))'`;
  const steps = [
    ...["a", "b", "c", "d"].map((one) => ({ name: one, instructions: answering })),
    {
      name: "last",
      instructions: shown("[d.outputsAreCut, d.steps.a.output.length > 1000]"),
      dependsOn: ["a", "b", "c", "d"],
    },
  ];
  const { id } = await newOrchestration(key, { steps, strategy: "parallel" });
  const ended = await endOf(key, await startRun(key, id));
  expect(ended, JSON.stringify(ended.error)).toMatchObject({ status: "completed" });
  expect(ended.stepResults[4].output).toBe("[ true, true ]\n");
});
