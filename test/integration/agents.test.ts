/** What creating an agent answers, stores and records. */
import { expect, test } from "vitest";
import { send } from "../kit/client.ts";
import { newOwner } from "../kit/owners.ts";
import { auditOf } from "../kit/store.ts";

test("creating an agent answers 201, names fields without effect, and is audited", async () => {
  const { id: ownerId, key, keyId } = await newOwner({ creditUsd: 0 });
  const used = { name: "helper", model: "shell", description: "helps", metadata: { team: "a" } };
  const unused = {
    isDefault: true,
    instructions: "be nice",
    reasoningEffort: "high",
    binary: { name: "helper" },
    enabledSkills: ["search"],
    deepResearchModel: "deep",
  };
  const body = { ...used, ...unused };
  const created = await send("/v1/agents", { key, body });
  expect(created).toMatchObject({ status: 201, json: { agent: { ...body, userId: ownerId } } });
  const { agent, warnings } = created.json;
  const kept = Object.keys(unused).map((field) => expect.stringContaining(`${field} is kept`));
  expect(warnings).toEqual(kept);
  expect((await send(`/v1/agents/${agent.id}`, { key })).json.agent).toEqual(agent);
  const rows = (await auditOf(ownerId)).filter(({ action }) => action === "agent.created");
  expect(rows).toMatchObject([
    { actor: { type: "key", id: keyId }, subject: agent.id, facts: { model: "shell" } },
  ]);
});

test("an agent is changed by the fields that are named, and deleted for good", async () => {
  const { id: ownerId, key } = await newOwner({ creditUsd: 0 });
  const body = { name: "helper", model: "shell", description: "helps", metadata: { team: "a" } };
  const { agent } = (await send("/v1/agents", { key, body })).json;
  const path = `/v1/agents/${agent.id}`;
  const changes = { name: "other", description: null, isSystem: true, instructions: "be brief" };
  const changed = await send(path, { key, method: "PATCH", body: changes });
  const { isSystem: _ignored, ...effective } = changes;
  const { updatedAt } = changed.json.agent;
  expect(changed.json.agent).toEqual({ ...agent, ...effective, updatedAt });
  expect(changed.json.warnings).toEqual([
    expect.stringMatching(/^isSystem /),
    expect.stringMatching(/^instructions /),
  ]);
  expect((await send(path, { key })).json.agent).toEqual(changed.json.agent);
  const thread = (await send("/v1/threads", { key, body: { agentId: agent.id } })).json.thread;
  const deleted = await send(`${path}?hard=true`, { key, method: "DELETE" });
  expect(deleted).toMatchObject({ status: 200, json: { deleted: true, erased: true } });
  for (const method of ["GET", "DELETE"]) {
    expect((await send(path, { key, method })).status).toBe(404);
  }
  const kept = (await send(`/v1/threads/${thread.id}`, { key })).json.thread;
  expect(kept).toMatchObject({ agentId: agent.id, agentName: null });
  const message = { key, body: { content: "true" } };
  expect((await send(`/v1/threads/${thread.id}/messages`, message)).status).toBe(404);
  const actions = (await auditOf(ownerId)).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(["agent.updated", "agent.deleted"]));
});

test("an agent without a name is refused by that field, and nothing is stored", async () => {
  const { id: ownerId, key } = await newOwner({ creditUsd: 0 });
  const refused = await send("/v1/agents", { key, body: { name: " ", model: "shell" } });
  expect(refused).toMatchObject({
    status: 400,
    json: { code: "VALIDATION_FAILED", details: [{ field: "name" }] },
  });
  expect((await send("/v1/agents", { key })).json.total_count).toBe(0);
  expect((await auditOf(ownerId)).map(({ action }) => action)).not.toContain("agent.created");
});

test("a skill is made, found by category, changed and deleted", async () => {
  const { id: ownerId, key } = await newOwner({ creditUsd: 0 });
  const files = [{ name: "rules.md", content: "Never shout.", language: "markdown" }];
  const body = { name: "Style", markdown: "Use tabs.", files, category: "development" };
  const made = await send("/v1/skills", { key, body });
  expect(made.status, made.text).toBe(201);
  const { skill } = made.json;
  expect(skill).toMatchObject({ ...body, userId: ownerId, description: "", isActive: true });
  await send("/v1/skills", { key, body: { name: "Other" } });
  const found = async (query: string) =>
    (await send(`/v1/skills?${query}`, { key })).json.data.map(({ id }: { id: string }) => id);
  expect(await found("category=development&isActive=true")).toEqual([skill.id]);
  expect(await found("isActive=false")).toEqual([]);
  expect(await found("")).toHaveLength(2);
  const path = `/v1/skills/${skill.id}`;
  const changes = { isActive: false, files: null, description: "Ours." };
  const changed = await send(path, { key, method: "PATCH", body: changes });
  expect(changed.json.skill).toMatchObject({ ...changes, files: [], markdown: "Use tabs." });
  expect((await send(path, { key })).json).toEqual(changed.json);
  for (const name of ["../up", "/etc/passwd", "SKILL.md", "a//b", ".hidden"]) {
    const refused = { name: "Bad", files: [{ name, content: "" }] };
    expect((await send("/v1/skills", { key, body: refused })).status, name).toBe(400);
  }
  const deleted = await send(path, { key, method: "DELETE" });
  expect(deleted).toMatchObject({ status: 200, json: { deleted: true, skillId: skill.id } });
  expect((await send(path, { key })).status).toBe(404);
  const actions = (await auditOf(ownerId)).map(({ action }) => action);
  const all = ["skill.created", "skill.updated", "skill.deleted"];
  expect(actions).toEqual(expect.arrayContaining(all));
});
