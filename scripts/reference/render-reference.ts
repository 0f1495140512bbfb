/**
 * `openapi/reference.html.txt`: the document as a page for people, without scripts or styles in it.
 * Its elements end where HTML implies their end, on which some tools for HTML fail; hence its name.
 */
import type { JsonSchema } from "../openapi/schemas.ts";
import { fieldRows, typeText } from "./fields.ts";
import { html, type Markup, raw } from "./html.ts";
import { type Call, samplesOf } from "./samples.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters: readonly JsonSchema[];
  readonly requestBody?: { readonly content: Readonly<Record<string, JsonSchema>> };
  readonly responses: Readonly<Record<string, JsonSchema>>;
  readonly security: readonly JsonSchema[];
  readonly "x-scopes": readonly string[];
  readonly "x-counts-as": string;
  readonly "x-body-bytes-max": number;
}
export interface ApiDocument extends JsonSchema {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly "x-errors": Readonly<
    Record<string, { status: number; message: string; whatToDo: string }>
  >;
}
interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function renderReference(document: ApiDocument): string {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    operations: all.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const { title, version, description } = document.info;
  const common = commonCodes(document, all);
  return `<!doctype html>\n${html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} API reference</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/style.css">
<script src="/docs/search.js" defer></script>
</head>
<body>
<header>
<a class="skip" href="#content">Skip to the operations</a>
<h1>${title} API <small>${version}</small></h1>
<label>Search
<input id="search" type="search" autocomplete="off" placeholder="press / to search"></label>
<p id="found" role="status"></p>
<fieldset><legend>Language</legend>
${languages.map(
  ([id, name], index) =>
    html`<label><input type="radio" name="language" id="${id}"${
      index === 0 ? raw(" checked") : ""
    }> ${name}</label> `,
)}</fieldset>
</header>
<nav aria-label="Operations">
${groups.map(
  (group) => html`<h2>${group.name}</h2>
<ul>
${group.operations.map(
  ({ method, path, operation }) =>
    html`<li><a href="#${operation.operationId}"
><b class="${method}">${method}</b> ${path}</a></li>\n`,
)}</ul>
`,
)}<h2>errors</h2>
<ul><li><a href="#errors">Codes</a></li></ul>
</nav>
<main id="content" tabindex="-1">
<p>${description}</p>
<p>The samples read <code>PADDOCK_URL</code>, the address of
this deployment, and <code>PADDOCK_API_KEY</code>.
<a href="/v1/openapi.json">This reference as OpenAPI 3.1</a></p>
${groups.map(
  (group) => html`<h2 class="group">${group.name}</h2>
<p class="group">${group.description}</p>
${group.operations.map((described) => renderOperation(described, document, common))}`,
)}${renderErrors(document, common)}
</main>
</body>
</html>`}\n`;
}

function renderErrors(document: ApiDocument, common: ReadonlySet<string>) {
  return html`<section id="errors"><h3>Codes of refusals</h3>
<p>Any operation can be refused with ${[...common].map((name) => html`<code>${name}</code> `)}.</p>
<table><tr><th>status<th>code<th>meaning<th>what to do
${Object.entries(document["x-errors"]).map(
  ([name, { status, message, whatToDo }]) =>
    html`<tr><td>${String(status)}<td><code>${name}</code><td>${message}<td>${whatToDo}\n`,
)}</table></section>`;
}

const languages = [
  ["curl", "curl"],
  ["ts", "TypeScript"],
  ["py", "Python"],
] as const;

function renderOperation(
  { method, path, operation }: Described,
  document: ApiDocument,
  common: ReadonlySet<string>,
): Markup {
  const { operationId, summary, requestBody } = operation;
  const samples = samplesOf(callOf({ method, path, operation }, document));
  const codes = codesOf(operation, document).filter((name) => !common.has(name));
  const parameters = operation.parameters.map((one) => resolve(one, document));
  const body = requestBody?.content["application/json"]?.schema as JsonSchema | undefined;
  const answer = answerOf(operation);
  return html`<section id="${operationId}">
<h3><b class="${method}">${method}</b> <code>${path}</code>
<a href="#${operationId}" aria-label="Link to ${operationId}">#</a></h3>
<p>${summary}. ${factsOf(operation)}</p>
${
  parameters.length > 0
    ? html`<table><tr><th>parameter<th>in<th>type
${parameters.map(
  (one) =>
    html`<tr><td><code>${String(one.name)}</code><td>${String(one.in)}<td>${typeText(
      one.schema as JsonSchema,
      document,
    )}\n`,
)}</table>
`
    : ""
}${body ? html`<table><tr><th>body<th>type\n${fieldRows(body, document)}</table>\n` : ""}${
  answer
    ? html`<details><summary>Answer</summary>
<table>${fieldRows(answer, document)}</table></details>\n`
    : ""
}${
  codes.length > 0
    ? html`<p class="codes">Refused with
${codes.map((name) => html`<a href="#errors">${name}</a> `)}</p>\n`
    : ""
}<pre class="curl" tabindex="0">${samples.curl}</pre>
<pre class="ts" tabindex="0">${samples.typescript}</pre>
<pre class="py" tabindex="0">${samples.python}</pre>
</section>
`;
}

function factsOf(operation: Operation): string {
  const { security, "x-scopes": scopes, "x-counts-as": counts } = operation;
  const caller = security.some((one) => "operator" in one)
    ? "For operators."
    : security.length === 0
      ? "Needs no key."
      : `Needs ${scopes.length > 0 ? `the scope ${scopes.join(", ")}` : "a key"}.`;
  const size = operation["x-body-bytes-max"];
  const limit = operation.requestBody ? ` Bodies have at most ${Math.ceil(size / 1024)} KiB.` : "";
  return `${caller}${counts === "none" ? "" : ` Counts as ${counts}.`}${limit}`;
}

/** The call of an operation with its examples. */
export function callOf({ method, path, operation }: Described, document: ApiDocument): Call {
  const { parameters, requestBody, responses, security } = operation;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const found = parameters.find((one) => one.name === name);
    return encodeURIComponent(exampleInPath(name, (found?.schema ?? {}) as JsonSchema));
  });
  const json = requestBody?.content["application/json"] as
    | { examples?: { usual: { value: unknown } } }
    | undefined;
  const ok = resolve(responses[200] ?? {}, document).content as JsonSchema | undefined;
  return {
    method,
    path: filled,
    needsKey: security.length > 0,
    streams: ok?.["text/event-stream"] !== undefined,
    body: json
      ? { kind: "json", value: json.examples?.usual.value ?? {} }
      : { kind: requestBody ? "form" : "none" },
  };
}

function exampleInPath(name: string, { pattern }: JsonSchema): string {
  const prefix = /^\^([a-z]+)_\[/.exec(String(pattern ?? ""))?.[1];
  if (prefix !== undefined) return `${prefix}_V1StGXR8_Z5jdHi6B-myT`;
  return { path: "hello.txt", key: "API_TOKEN" }[name] ?? "0".repeat(64);
}

function answerOf({ responses }: Operation): JsonSchema | null {
  const found = responses[200] ?? responses[201] ?? responses[202];
  const content = found?.content as Record<string, JsonSchema> | undefined;
  return (content?.["application/json"]?.schema as JsonSchema | undefined) ?? null;
}

function codesOf({ responses }: Operation, document: ApiDocument): string[] {
  return Object.values(responses).flatMap(
    (one) => (resolve(one, document)["x-codes"] as string[] | undefined) ?? [],
  );
}

/** The codes that every operation has, which are listed once. */
function commonCodes(document: ApiDocument, all: readonly Described[]): ReadonlySet<string> {
  const [first, ...others] = all
    .filter(({ operation }) => operation.security.length > 0)
    .map(({ operation }) => new Set(codesOf(operation, document)));
  return new Set([...(first ?? [])].filter((code) => others.every((codes) => codes.has(code))));
}

export function resolve(value: JsonSchema, document: JsonSchema): JsonSchema {
  const { $ref: ref } = value;
  if (typeof ref !== "string") return value;
  const found = ref
    .slice("#/".length)
    .split("/")
    .reduce<unknown>((one, step) => Reflect.get(Object(one), step), document);
  return found as JsonSchema;
}
