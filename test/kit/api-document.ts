/**
 * The document that describes the API, for those who check answers against it. Each schema is
 * compiled when it is first needed, which takes milliseconds.
 */
import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import findMyWay, { type HTTPMethod } from "find-my-way";

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: object;
}
interface Content {
  readonly [mediaType: string]: { readonly schema: object };
}
interface Answer {
  readonly content?: Content;
  readonly "x-codes"?: readonly string[];
}
export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer | { readonly $ref: string }>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly "x-counts-as": string;
}
interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const file = new URL("../../openapi/paddock.json", import.meta.url);
const document: ApiDocument = JSON.parse(readFileSync(file, "utf8"));
const documentId = "https://paddock.example/openapi.json";

export interface DescribedOperation {
  readonly method: string;
  /** Such as `/v1/agents/{agentId}`. */
  readonly path: string;
  readonly operation: Operation;
}

export const operations: readonly DescribedOperation[] = Object.entries(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
);

const router = findMyWay({ maxParamLength: 2_048 });
for (const described of operations) {
  const pattern = described.path.replace("{path}", "*").replace(/\{(\w+)\}/g, ":$1");
  for (const alias of new Set([pattern, pattern.replace(/^\/v1(?=\/)/, "")])) {
    router.on(described.method as HTTPMethod, alias, () => {}, described);
  }
}

/** The operation that a request reaches; undefined for a path or method that none answers. */
export function findOperation(method: string, path: string): DescribedOperation | undefined {
  const found = router.find(method as HTTPMethod, path.split("?")[0] ?? path);
  return found?.store as DescribedOperation | undefined;
}

/** The value that a reference inside of the document names. */
export function resolve<T>(value: T | { readonly $ref: string }): T {
  if (typeof value !== "object" || value === null || !("$ref" in value)) return value as T;
  const steps = value.$ref.slice("#/".length).split("/");
  return steps.reduce<unknown>((found, step) => Reflect.get(Object(found), step), document) as T;
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
ajv.addSchema(document, documentId);
const compiled = new Map<string, ValidateFunction>();

/** What is wrong with an answer by the document, in one line; null if nothing is. */
export function faultOf(
  { method, path, operation }: DescribedOperation,
  answer: { readonly status: number; readonly mediaType: string; readonly body: () => unknown },
): string | null {
  const named = operation.responses[answer.status];
  if (!named) return `answered ${answer.status}, which isn't described`;
  const { content, "x-codes": codes } = resolve<Answer>(named);
  if (content === undefined) return null;
  const { mediaType } = answer;
  if (!content[mediaType]) return `answered ${answer.status} as ${mediaType || "no type"}`;
  if (mediaType !== "application/json") return null;
  const place =
    "$ref" in named
      ? named.$ref
      : `#/paths/${escaped(path)}/${method.toLowerCase()}/responses/${answer.status}`;
  const body = answer.body();
  const validate = validatorOf(`${documentId}${place}/content/application~1json/schema`);
  if (!validate(body)) {
    const [error] = validate.errors ?? [];
    const where = error?.instancePath || "a body";
    return `answered ${answer.status} with ${where} that ${error?.message}`;
  }
  const code = Reflect.get(Object(body), "code");
  if (codes === undefined || codes.includes(code)) return null;
  return `answered ${code}, which isn't described: its route lists it in refusals`;
}

function escaped(path: string): string {
  return path
    .replaceAll("~", "~0")
    .replaceAll("/", "~1")
    .replaceAll("{", "%7B")
    .replaceAll("}", "%7D");
}

function validatorOf(reference: string): ValidateFunction {
  const known = compiled.get(reference);
  if (known) return known;
  const validate = ajv.compile({ $ref: reference });
  compiled.set(reference, validate);
  return validate;
}
