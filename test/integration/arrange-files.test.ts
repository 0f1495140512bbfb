/** Folders and moves through the API, as an execution then finds them. */
import { expect, test } from "vitest";
import { multipart, send } from "../kit/client.ts";
import { newEnvironment, newOwner } from "../kit/owners.ts";

test("a folder is made and a file moved into it, and nothing outside of the workspace is", async () => {
  const { key } = await newOwner({ creditUsd: 0 });
  const environment = `/v1/environments/${await newEnvironment(key)}`;
  const files = `${environment}/files`;
  await send(`${files}/upload`, {
    key,
    method: "POST",
    ...multipart({ name: "a.txt", bytes: "hello" }),
  });
  await send(`${environment}/snapshots/initialize`, { key, method: "POST" });
  const made = await send(`${files}/mkdir`, { key, body: { path: "/src/new folder" } });
  expect(made).toMatchObject({ status: 200, json: { success: true, path: "src/new folder" } });
  expect((await send(`${files}/mkdir`, { key, body: { path: "src" } })).status).toBe(200);
  const body = { sourcePath: "a.txt", destPath: "src/new folder/ü.txt" };
  const moved = await send(`${files}/move`, { key, body });
  expect(moved).toMatchObject({ status: 200, json: { success: true, ...body } });
  const at = encodeURIComponent(body.destPath);
  expect((await send(`${files}/${at}`, { key })).text).toBe("hello");
  expect((await send(`${files}/a.txt`, { key })).status).toBe(404);
  const refused = [
    await send(`${files}/move`, { key, body }),
    await send(`${files}/move`, { key, body: { ...body, sourcePath: "../etc/passwd" } }),
    await send(`${files}/mkdir`, { key, body: { path: "../x" } }),
    await send(`${files}/move`, { key, body: { sourcePath: body.destPath, destPath: "src" } }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([404, 400, 400, 409]);
  const { json } = await send(`${environment}/snapshots`, { key });
  const titles = json.data.map(({ title }: { title: string }) => title);
  expect(titles).toContain("Moved a.txt to src/new folder/ü.txt");
});
