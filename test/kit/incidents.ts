/** What operators and the scheduler ask for about incidents. */
import { expect } from "vitest";
import { accounts, audiences, firstOperator } from "../../local/cloud/names.ts";
import { type Answer, send } from "./client.ts";
import { functionUrl, idTokenFor, operatorTokenFor } from "./cloud.ts";

type WatchRoute = "detect" | "containments" | "deliver" | "deadlines";

/** Calls a route of `incident-watch` as the scheduler does. */
export async function watch(route: WatchRoute, address?: string): Promise<Answer> {
  const key = await idTokenFor(accounts.scheduler, audiences.maintenance);
  const baseUrl = address ?? (await functionUrl("incident-watch"));
  return await send(`/internal/incidents/${route}`, { baseUrl, key, method: "POST" });
}

/** What an operator asks for, below `/v1/admin`. Without a body it is a GET, or a release. */
export async function operate(path: string, body?: object): Promise<Answer> {
  const key = await operatorTokenFor(firstOperator);
  const isOrder = body !== undefined || /\/(release|redeliver)$/.test(path);
  const method = isOrder ? "POST" : "GET";
  return await send(`/v1/admin${path}`, { key, method, ...(body ? { body } : {}) });
}

/** Opens an incident that concerns these owners, and assigns it. */
export async function openIncident(userIds: readonly string[], title = "a leak"): Promise<string> {
  const opened = await operate("/incidents", { title, userIds });
  expect(opened.status, opened.text).toBe(201);
  const { id } = opened.json;
  const assigned = await operate(`/incidents/${id}/assign`, { email: firstOperator });
  expect(assigned.status, assigned.text).toBe(200);
  return id;
}
