/** The story of a leaked key: what the thief, the owner and an operator do, by the API alone. */
import { request } from "node:http";
import * as z from "zod";
import { accounts, audiences, firstOperator } from "../../local/cloud/names.ts";
import type { LocalCloud } from "../../local/cloud.ts";
import { call, type FirstOwner, makeFirstOwner } from "../../scripts/demo/api.ts";

/** The thief's networks, apart from the owner's. */
const thiefAddresses = ["127.201.1.7", "127.202.1.7", "127.203.1.7"];
const ownerAddress = "127.0.0.1";

const Id = z.object({ id: z.string() });
const Key = z.object({ id: z.string(), key: z.string() });
const Settings = z.object({ webhookSecret: z.string() });
const Found = z.object({ rows: z.int(), incidents: z.int() });
export const DrilledIncident = z.object({
  id: z.string(),
  title: z.string(),
  phase: z.string(),
  subject: z.string().nullable(),
  notice: z.record(z.string(), z.string()),
  notifySecondsLeft: z.int(),
  steps: z.array(z.object({ phase: z.string(), at: z.string(), note: z.string().nullable() })),
  deliveries: z.record(z.string(), z.int()),
});
const Contained = z.object({ id: z.string(), executionIds: z.array(z.string()) });
const Rows = z.object({
  data: z.array(z.object({ action: z.string(), createdAt: z.string(), subject: z.string() })),
});

export class KeyLeak {
  readonly #cloud: LocalCloud;
  #owner: FirstOwner = { id: "", key: "" };
  #leaked = { id: "", key: "" };

  constructor(cloud: LocalCloud) {
    this.#cloud = cloud;
  }

  get ownerId(): string {
    return this.#owner.id;
  }

  /**
   * An owner with a key that an application uses, who wants to hear of anomalies.
   * @param newToken Resolves to the token that was sent to the owner's address.
   */
  async prepare(webhookUrl: string, newToken: () => Promise<string>): Promise<string> {
    this.#owner = await makeFirstOwner(this.#cloud, 20);
    const scopes = ["agents:read", "threads:read", "threads:write", "execute"];
    this.#leaked = await this.#asOwner("/v1/keys", Key, { name: "the application's", scopes });
    const settings = "/v1/notifications";
    await this.#asOwner(settings, z.unknown(), { email: "owner@customer.test" }, "PUT");
    const confirmation = { token: await newToken() };
    await this.#asOwner(`${settings}/confirm`, z.unknown(), confirmation);
    const body = { webhookUrl, anomalies: { networks: ["webhook"] } };
    const set = await this.#asOwner(settings, Settings, body, "PUT");
    await this.useLeakedKey(ownerAddress);
    return set.webhookSecret;
  }

  /** @returns the status that the leaked key is answered from this address. */
  async useLeakedKey(localAddress: string): Promise<number> {
    const url = new URL("/v1/agents", this.#cloud.baseUrl);
    const headers = { authorization: `Bearer ${this.#leaked.key}` };
    return await new Promise((resolve, reject) => {
      const sent = request(url, { localAddress, headers, agent: false }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
      });
      sent.on("error", reject).end();
    });
  }

  /** The thief looks around from three networks, and starts something that runs for long. */
  async steal(): Promise<readonly number[]> {
    const statuses: number[] = [];
    for (const address of thiefAddresses) statuses.push(await this.useLeakedKey(address));
    const thread = await this.#call(this.#leaked.key, "/v1/threads", z.object({ thread: Id }), {});
    const path = `/v1/threads/${thread.thread.id}/messages`;
    // The thief reads the stream until the execution is stopped.
    void fetch(new URL(path, this.#cloud.baseUrl), {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.#leaked.key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ content: "sleep 120" }),
    }).then(
      (answer) => answer.text(),
      () => undefined,
    );
    return statuses;
  }

  async ownerKeyWorks(): Promise<boolean> {
    const rows = await this.#asOwner("/v1/audit?limit=1", Rows);
    return rows.data.length === 1;
  }

  async trail(): Promise<z.output<typeof Rows>["data"]> {
    return (await this.#asOwner(`/v1/audit?keyId=${this.#leaked.id}&limit=100`, Rows)).data;
  }

  async revokeLeakedKey(): Promise<void> {
    await this.#asOwner(`/v1/keys/${this.#leaked.id}/revoke`, z.unknown(), {});
  }

  /** Calls a route of `incident-watch`, as Scheduler does each minute. */
  async watch(route: "detect" | "deliver") {
    const identity = { email: accounts.scheduler, audience: audiences.maintenance };
    const key = await this.#cloud.idToken(identity);
    const url = `${this.#cloud.functionUrl("incident-watch")}/internal/incidents/${route}`;
    return await call({ url, key, method: "POST" }, Found.partial());
  }

  async incident(id: string) {
    return await this.#asOperator(`/incidents/${id}`, DrilledIncident);
  }

  async openIncidents() {
    const listed = z.object({ data: z.array(Id.extend({ title: z.string() })) });
    return (await this.#asOperator("/incidents?phase=detection", listed)).data;
  }

  async assign(id: string): Promise<void> {
    await this.#asOperator(`/incidents/${id}/assign`, z.unknown(), { email: firstOperator });
  }

  async move(id: string, phase: string, note?: string): Promise<void> {
    await this.#asOperator(`/incidents/${id}/move`, z.unknown(), { phase, note });
  }

  async contain(id: string): Promise<z.output<typeof Contained>> {
    const body = { target: "key", keyId: this.#leaked.id };
    return await this.#asOperator(`/incidents/${id}/contain`, Contained, body);
  }

  async release(containmentId: string): Promise<void> {
    await this.#asOperator(`/containments/${containmentId}/release`, z.unknown(), null);
  }

  async notify(id: string, notice: object): Promise<void> {
    await this.#asOperator(`/incidents/${id}/notice`, z.unknown(), notice);
    await this.#asOperator(`/incidents/${id}/notify`, z.unknown(), {});
  }

  async #asOperator<T>(path: string, schema: z.ZodType<T>, body?: object | null): Promise<T> {
    const key = await this.#cloud.operatorToken(firstOperator);
    const url = `${this.#cloud.baseUrl}/v1/admin${path}`;
    if (body === null) return await call({ url, key, method: "POST" }, schema);
    return await call({ url, key }, schema, body);
  }

  async #asOwner<T>(path: string, schema: z.ZodType<T>, body?: object, method?: string) {
    return await this.#call(this.#owner.key, path, schema, body, method);
  }

  async #call<T>(
    key: string,
    path: string,
    schema: z.ZodType<T>,
    ...[body, method]: readonly [object?, string?]
  ): Promise<T> {
    const asked = { url: `${this.#cloud.baseUrl}${path}`, key };
    return await call(method === undefined ? asked : { ...asked, method }, schema, body);
  }
}
