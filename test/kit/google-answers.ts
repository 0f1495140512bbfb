/** What the fake Google answers; see `google-apis.ts`. */
import * as z from "zod";
import { rolePermissions } from "../../deploy/preflight/needed-permissions.ts";
import { type Json, ok, refused } from "./google-json.ts";
import { probeAnswer } from "./google-probe.ts";
import { permissionsOnOthers, resourceAnswer } from "./google-projects.ts";
import type { GoogleRequest, GoogleWorld } from "./google-world.ts";

const MadeTag = z.object({ tag: z.string(), version: z.string() });

/** @returns JSON, the text of an object, or null for what isn't supported. */
export function answersOf(
  world: GoogleWorld,
  asked: GoogleRequest,
  query: URLSearchParams,
): Json | string | null {
  if (isOff(world, asked.host)) {
    const message = `${asked.host} has not been used in project ${world.number} before`;
    return refused(403, message, "SERVICE_DISABLED");
  }
  const probed = probeAnswer(world, asked);
  if (probed !== null) return probed === "missing" ? refused(404, "not there") : ok(probed);
  switch (asked.host) {
    case "storage.googleapis.com":
      return storage(world, asked, query);
    case "dns.google":
      return dns(world, query);
    case "secretmanager.googleapis.com":
      return secrets(world, asked);
    case "cloudkms.googleapis.com":
      return kms(world, asked);
    default:
      return project(world, asked);
  }
}

/** Hosts without a service of their own are always on. */
function isOff({ services }: GoogleWorld, host: string): boolean {
  const always = ["openidconnect.googleapis.com", "sts.googleapis.com", "dns.google"];
  return !always.includes(host) && host !== "storage.googleapis.com" && !services.includes(host);
}

function project(world: GoogleWorld, { host, method, path, body }: GoogleRequest): Json | null {
  const known: Record<string, () => Json> = {
    "sts.googleapis.com": () =>
      world.email === null
        ? refused(400, "invalid_grant")
        : ok({ access_token: "token-of-a-workload", expires_in: 3600, token_type: "Bearer" }),
    "openidconnect.googleapis.com": () =>
      world.email === null ? refused(401, "the token has ended") : ok({ email: world.email }),
    "cloudresourcemanager.googleapis.com": () =>
      path === `/v3/projects/${world.project}:testIamPermissions`
        ? testPermissions(world, body)
        : resourceAnswer(world, path, body),
    "cloudbilling.googleapis.com": () =>
      path.endsWith(":testIamPermissions") ? permissionsOnOthers(world, body) : ok(world.billing),
    "serviceusage.googleapis.com": () =>
      path.endsWith(":generateServiceIdentity")
        ? ok({ name: "operations/1" })
        : ok({ services: world.services.map((name) => ({ name: `projects/1/services/${name}` })) }),
    "cloudquotas.googleapis.com": () => ok({ quotaInfos: quotas(world) }),
    "orgpolicy.googleapis.com": () => {
      const name = /policies\/(.+):getEffectivePolicy$/.exec(path)?.[1] ?? "";
      return ok({ name, spec: world.policies[name] ?? { rules: [] } });
    },
    "certificatemanager.googleapis.com": () => certificates(world, path),
    "compute.googleapis.com": () => compute(world, method, path),
    "firestore.googleapis.com": () => firestore(world, path),
    "monitoring.googleapis.com": () => ok({}),
    "logging.googleapis.com": () => ok({ loggingServiceAccountId: "made" }),
    "iamcredentials.googleapis.com": () => ok({ token: "an-identity-token" }),
    "artifactregistry.googleapis.com": () => {
      const made = /packages\/(\w+)\/tags$/.exec(path)?.[1];
      if (made !== undefined) {
        const { tag, version } = MadeTag.parse(JSON.parse(body));
        world.tags[`${made}:${tag}`] = version;
        return ok({ version });
      }
      const [, name = "", tag = ""] = /packages\/(\w+)\/tags\/(.+)$/.exec(path) ?? [];
      const digest = world.tags[`${name}:${tag}`];
      return digest === undefined ? refused(404, "no such tag") : ok({ version: `v/${digest}` });
    },
  };
  return known[host]?.() ?? null;
}

/** Google refuses the whole request for one name that it doesn't know. */
function testPermissions({ role, missingPermissions: missing }: GoogleWorld, body: string): Json {
  const { permissions } = z.object({ permissions: z.array(z.string()) }).parse(JSON.parse(body));
  const { owner, roles } = rolePermissions();
  const known = new Set([...owner, ...Object.values(roles).flat()]);
  const unknown = permissions.find((name) => !known.has(name));
  if (unknown !== undefined) {
    return refused(400, `Permission ${unknown} is not valid for this resource.`);
  }
  const held = role === "roles/owner" ? owner : (roles[role] ?? []);
  const allowed = permissions.filter((name) => held.includes(name) && !missing.includes(name));
  return ok(allowed.length === 0 ? {} : { permissions: allowed });
}

function quotas({ cpuMilli }: GoogleWorld): object[] {
  const details = { value: String(cpuMilli) };
  const regions = ["us-central1", "us-east4"];
  const dimensionsInfos = regions.map((region) => ({ dimensions: { region }, details }));
  return [{ quotaId: "CpuAllocPerProjectRegion", dimensionsInfos }];
}

/** Whether the main root was applied; before, nothing of it is there. */
const isApplied = ({ objects }: GoogleWorld) => objects["main/default.tfstate"] !== undefined;

function certificates(world: GoogleWorld, path: string): Json {
  const isEdge = path.includes("/locations/global/");
  const domain = isEdge ? "api.example.com" : "gateway.api.example.com";
  if (path.endsWith("/dnsAuthorizations")) {
    const data = isEdge ? "x.goog." : "y.goog.";
    const dnsResourceRecord = { name: `_acme-challenge.${domain}.`, type: "CNAME", data };
    return ok({ dnsAuthorizations: isApplied(world) ? [{ domain, dnsResourceRecord }] : [] });
  }
  const { edge, gateways } = world.first.certificatesAtMs;
  const isLate = world.nowMs < (isEdge ? edge : gateways);
  const state = isLate ? "PROVISIONING" : world.certificateState;
  return ok({ certificates: [{ name: "c", managed: { domains: [domain], state } }] });
}

/** Addresses, and the network that Google makes with each project. */
function compute(world: GoogleWorld, method: string, path: string): Json {
  const [, kind = "", name] = /\/global\/(\w+)(?:\/(.+))?$/.exec(path) ?? [];
  if (kind === "addresses") {
    return ok({ items: isApplied(world) ? [{ name: "edge", address: "192.0.2.7" }] : [] });
  }
  const { defaultNetwork } = world;
  if (kind === "firewalls" && name === undefined) {
    return ok({
      items: defaultNetwork.filter((each) => each !== "default").map((each) => ({ name: each })),
    });
  }
  if (!defaultNetwork.includes(name ?? "")) return refused(404, `no ${kind} ${name}`);
  if (method === "DELETE" && kind === "networks" && defaultNetwork.length > 1) {
    return refused(400, "The network resource is already being used by firewalls");
  }
  if (method === "DELETE") defaultNetwork.splice(defaultNetwork.indexOf(name ?? ""), 1);
  return ok({ name, autoCreateSubnetworks: true });
}

/** Databases, and what is built in them: two indexes and one field that expires. */
function firestore({ databases, nowMs, first }: GoogleWorld, path: string): Json {
  const isBuilding = nowMs < first.indexesReadyAtMs;
  const inDatabase = /databases\/([^/]+)\/collectionGroups\/-\/(indexes|fields)$/.exec(path);
  if (inDatabase === null) return ok({ databases });
  const [, database, kind] = inDatabase;
  if (database === "keys") return ok({});
  if (kind === "fields") {
    return ok({
      fields: [{ name: "f", ttlConfig: { state: isBuilding ? "CREATING" : "ACTIVE" } }],
    });
  }
  const states = ["READY", isBuilding ? "CREATING" : "READY"];
  return ok({ indexes: states.map((state, index) => ({ name: `i${index}`, state })) });
}

function dns({ dns: zone }: GoogleWorld, query: URLSearchParams): Json {
  const answers = zone[`${query.get("name")} ${query.get("type")}`];
  if (!answers) return ok({ Status: 3 });
  return ok({ Status: 0, Answer: answers });
}

function storage(
  world: GoogleWorld,
  asked: GoogleRequest,
  query: URLSearchParams,
): Json | string | null {
  const { method, path, body } = asked;
  if (method === "POST" && path === "/storage/v1/b") {
    const { name } = z.object({ name: z.string() }).parse(JSON.parse(body));
    world.buckets[name] = world.number;
    return ok({ name });
  }
  if (path.endsWith("/serviceAccount")) return ok({ email_address: "made" });
  const [, bucket = "", object] =
    /^\/(?:upload\/)?storage\/v1\/b\/([^/]+)(?:\/o\/?(.*))?$/.exec(path) ?? [];
  const owner = world.buckets[bucket];
  if (owner === undefined) return refused(404, `no bucket ${bucket}`);
  if (owner === "hidden") return refused(403, "does not have storage.buckets.get access");
  if (object === undefined) return ok({ name: bucket, projectNumber: owner, location: "US" });
  if (method === "POST") {
    const name = query.get("name") ?? "";
    if (query.get("ifGenerationMatch") === "0" && world.objects[name] !== undefined) {
      return refused(412, "it is there already");
    }
    world.objects[name] = body;
    return ok({ name });
  }
  if (object === "") {
    const prefix = query.get("prefix") ?? "";
    const names = Object.keys(world.objects).filter((name) => name.startsWith(prefix));
    return ok({ items: names.map((name) => ({ name })) });
  }
  const stored = world.objects[decodeURIComponent(object)];
  if (stored === undefined) return refused(404, `no object ${object}`);
  return query.get("alt") === "media" ? stored : ok({ name: object });
}

function secrets(world: GoogleWorld, { method, path, body }: GoogleRequest): Json | null {
  if (path.endsWith(":getIamPolicy")) return secretPolicy(world);
  const [, secret = "", verb] = /secrets\/([^/:]+)(?::|\/)(addVersion|versions)$/.exec(path) ?? [];
  const versions = world.secrets[secret];
  if (!versions) return refused(404, `no secret ${secret}`);
  const name = (version: number) => ({ name: `projects/1/secrets/${secret}/versions/${version}` });
  if (method === "POST" && verb === "addVersion") {
    const Payload = z.object({ payload: z.object({ data: z.string(), dataCrc32c: z.string() }) });
    versions.push(Payload.parse(JSON.parse(body)).payload.data);
    return ok(name(versions.length));
  }
  return ok({ versions: versions.map((_, index) => name(index + 1)) });
}

/** A policy is to be seen a while after it was written, and works later still. */
function secretPolicy({ nowMs, first }: GoogleWorld): Json {
  const { grantedAtMs, grantsWorkAfterMs } = first;
  const isSeen = grantedAtMs !== null && nowMs >= grantedAtMs + grantsWorkAfterMs / 6;
  return ok(
    isSeen ? { bindings: [{ role: secretGrant.role, members: [secretGrant.member] }] } : {},
  );
}

/** The one grant of the fake Terraform (test/deploy/support/terraform.mjs). */
const secretGrant = {
  role: "roles/secretmanager.secretAccessor",
  member: "serviceAccount:fn-keys@demo-1234.iam.gserviceaccount.com",
};

function kms(world: GoogleWorld, { method, path }: GoogleRequest): Json | null {
  const ring = `/locations/${world.keyRing}/keyRings/`;
  if (world.keyRing === null || !path.includes(ring)) return refused(404, "no such key ring");
  if (path.endsWith("/cryptoKeys")) return ok({ cryptoKeys: world.keys });
  const key = world.keys.find(({ name }) => path.startsWith(`/v1/${name}`));
  if (method === "POST" && key) {
    if (path.endsWith(":updatePrimaryVersion")) key.primary = { state: "ENABLED" };
    return ok({ name: `${key.name}/cryptoKeyVersions/2` });
  }
  return ok({ name: path.slice("/v1/".length) });
}
