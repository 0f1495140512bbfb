/** Arbitrary requests to one operation of the document. */
import fc from "fast-check";
import { type DescribedOperation, type Parameter, resolve } from "../api-document.ts";
import { arbitraryValue, type IdPlace, oddText, oddValue } from "./arbitrary-value.ts";

export type Credential = "owner" | "owner-header" | "narrow" | "none" | "junk" | "operator";

/** A request whose ids are still places; `sendFuzzed` fills them in. */
export interface FuzzedRequest {
  readonly described: DescribedOperation;
  readonly credential: Credential;
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: readonly (readonly [string, unknown])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body: FuzzedBody;
  readonly prefixed: boolean;
}

export type FuzzedBody =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly value: unknown; readonly type: string | null }
  | { readonly kind: "text"; readonly text: string; readonly type: string | null }
  | { readonly kind: "form"; readonly name: string; readonly bytes: string; readonly path: string };

const json = "application/json";
const contentType = fc.oneof(
  { weight: 90, arbitrary: fc.constant<string | null>(json) },
  {
    weight: 10,
    arbitrary: fc.constantFrom(
      null,
      "text/plain",
      "application/xml",
      "application/json; charset=latin1",
      "application/merge-patch+json",
      "multipart/form-data",
      "multipart/form-data; boundary=x",
      "application/x-www-form-urlencoded",
      "json",
      ";",
    ),
  },
);

const brokenText = fc.constantFrom(
  "",
  "{",
  "[]",
  "null",
  '"text"',
  '{"a":1,"a":2}',
  '{"name":"\\ud800"}',
  '{"__proto__":{"isAdmin":true}}',
  "[".repeat(2_000),
  `{"name":"${"x".repeat(300_000)}"}`,
  `[${"0,".repeat(25_000)}0]`,
  "{'name':'x'}",
  "\u0000",
  "name=x&model=shell",
);

const oddHeaders = fc.constantFrom<readonly (readonly [string, string])[]>(
  [["accept", "text/event-stream"]],
  [["accept", "application/x-ndjson"]],
  [["accept", "image/png;q=0.1, */*;q=0"]],
  [["accept-encoding", "gzip"]],
  [["accept-encoding", "br;q=1.0, gzip;q=0"]],
  [["idempotency-key", "one-key"]],
  [["idempotency-key", "two words"]],
  [
    ["idempotency-key", "a"],
    ["idempotency-key", "b"],
  ],
  [["if-match", "*"]],
  [["if-none-match", "*"]],
  [
    ["if-match", '"nothing"'],
    ["if-match", '"else"'],
  ],
  [["if-none-match", 'W/"x", "y"']],
  [["if-modified-since", "yesterday"]],
  [["range", "bytes=0-0"]],
  [["range", "bytes=5-1"]],
  [["range", "bytes=-1,3-4"]],
  [["range", "pages=1-2"]],
  [["if-range", '"x"']],
  [["last-event-id", "7"]],
  [["last-event-id", "run_000000000000000000000.3"]],
  [["last-event-id", "\u00e9"]],
  [["x-forwarded-for", "10.0.0.1, 169.254.169.254"]],
  [["x-http-method-override", "DELETE"]],
  [
    ["x-request-id", "mine"],
    ["x-request-id", "yours"],
  ],
  [
    ["accept", "a/b"],
    ["accept", "c/d"],
  ],
  [["cookie", "a=b; a=c"]],
  [["content-encoding", "gzip"]],
  [["expect", "200-ok"]],
  [["x-large", "y".repeat(4_000)]],
  [["origin", "https://elsewhere.example"]],
);

const credential = fc.oneof<fc.WeightedArbitrary<Credential>[]>(
  { weight: 82, arbitrary: fc.constant("owner") },
  { weight: 4, arbitrary: fc.constant("owner-header") },
  { weight: 5, arbitrary: fc.constant("narrow") },
  { weight: 4, arbitrary: fc.constant("none") },
  { weight: 5, arbitrary: fc.constant("junk") },
);

/** What parameters name that aren't ids. */
const usualNames: Readonly<Record<string, readonly string[]>> = {
  path: ["hello.txt", "hello.txt", "src/a.txt", "src", "a.txt"],
  key: ["API_TOKEN", "TOKEN", "_"],
};

/** Places of ids that mostly hold an id of the right kind. */
function pathValue({ name, schema }: Parameter): fc.Arbitrary<unknown> {
  const usual = usualNames[name];
  return fc.oneof(
    { weight: 92, arbitrary: usual ? fc.constantFrom(...usual) : arbitraryValue(schema, 0) },
    { weight: 8, arbitrary: fc.oneof(oddText, fc.string({ unit: "binary", maxLength: 30 })) },
  );
}

function queryOf(parameters: readonly Parameter[]): fc.Arbitrary<[string, unknown][]> {
  const known = parameters.map(({ name, schema, required = false }) => {
    const value = arbitraryValue(schema, 25);
    const isThere = fc.integer({ min: 0, max: 9 }).map((drawn) => drawn < (required ? 9 : 3));
    return fc.tuple(fc.constant(name), isThere, value);
  });
  const names = ["limit", "unknown", ...parameters.map(({ name }) => name)];
  const extra = fc.tuple(
    fc.constantFrom(...names),
    fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
    oddValue,
  );
  return fc
    .tuple(extra, ...known)
    .map((drawn) =>
      drawn
        .filter(([, isThere]) => isThere)
        .map(([name, , value]): [string, unknown] => [name, value]),
    );
}

function bodyOf({ operation }: DescribedOperation): fc.Arbitrary<FuzzedBody> {
  const none = fc.constant<FuzzedBody>({ kind: "none" });
  const broken = fc.record({
    kind: fc.constant("text" as const),
    text: brokenText,
    type: contentType,
  });
  const content = operation.requestBody?.content;
  const schema = content?.[json]?.schema;
  if (schema) {
    const value = fc.oneof(
      { weight: 4, arbitrary: arbitraryValue(schema, 0) },
      { weight: 5, arbitrary: arbitraryValue(schema, 12) },
      { weight: 1, arbitrary: oddValue },
    );
    const made = fc.record({ kind: fc.constant("json" as const), value, type: contentType });
    return fc.oneof(
      { weight: 88, arbitrary: made },
      { weight: 8, arbitrary: broken },
      { weight: 4, arbitrary: none },
    );
  }
  if (content) {
    const form = fc.record({
      kind: fc.constant("form" as const),
      name: fc.oneof(fc.constant("a.txt"), fc.string({ maxLength: 20 }), oddText),
      bytes: fc.string({ maxLength: 200 }),
      path: fc.oneof(fc.constantFrom("", "src", "src/a.txt"), oddText),
    });
    return fc.oneof({ weight: 8, arbitrary: form }, { weight: 2, arbitrary: broken });
  }
  return fc.oneof({ weight: 9, arbitrary: none }, { weight: 1, arbitrary: broken });
}

export function arbitraryRequest(described: DescribedOperation): fc.Arbitrary<FuzzedRequest> {
  const parameters = described.operation.parameters.map((one) => resolve<Parameter>(one));
  const inPath = parameters.filter((one) => one.in === "path");
  const inQuery = parameters.filter((one) => one.in === "query");
  return fc.record({
    described: fc.constant(described),
    credential: isForOperators(described)
      ? fc.constantFrom<Credential[]>("operator", "operator", "operator", "owner", "none")
      : credential,
    path: fc.record(Object.fromEntries(inPath.map((one) => [one.name, pathValue(one)]))),
    query: queryOf(inQuery),
    headers: headersOf,
    body: bodyOf(described),
    prefixed: fc.boolean(),
  });
}

const headersOf = fc.oneof(
  { weight: 7, arbitrary: fc.constant<FuzzedRequest["headers"]>([]) },
  { weight: 2, arbitrary: oddHeaders },
  {
    weight: 1,
    arbitrary: fc
      .tuple(oddHeaders, oddHeaders)
      .map(([some, more]): FuzzedRequest["headers"] => [...some, ...more]),
  },
);

/** Requests with a fault that is found before anything is read, so that thousands cost little. */
export function faultyRequest(described: DescribedOperation): fc.Arbitrary<FuzzedRequest> {
  return fc
    .tuple(arbitraryRequest(described), fc.oneof(...faultsFor(described)))
    .map(([drawn, fault]) => ({ ...drawn, ...fault }));
}

function faultsFor(described: DescribedOperation): fc.Arbitrary<Partial<FuzzedRequest>>[] {
  const { path, operation } = described;
  const schema = operation.requestBody?.content[json]?.schema;
  const twice = fc
    .tuple(fc.constantFrom("limit", "unknown", "\u0000", "é"), oddText)
    .map(([name, value]) => ({ query: [[name, value] as const, [name, value] as const] }));
  const headers = fc
    .constantFrom("two words", "", "a".repeat(300), "é")
    .map((value) => ({ headers: [["idempotency-key", value] as const] }));
  const faults: fc.Arbitrary<Partial<FuzzedRequest>>[] = [
    twice,
    headers,
    fc.constantFrom<Credential>("none", "junk").map((one) => ({ credential: one })),
  ];
  const names = [...path.matchAll(/\{(\w+Id)\}/g)].map(([, name = ""]) => name);
  if (names.length > 0) {
    const values = fc.record(Object.fromEntries(names.map((name) => [name, oddText])));
    faults.push(values.map((ids) => ({ path: { path: "a", key: "A", ...ids } })));
  }
  if (schema) {
    const value = fc.oneof(arbitraryValue(schema, 50), oddValue);
    const made = fc.record({ kind: fc.constant("json" as const), value, type: contentType });
    const broken = fc.record({
      kind: fc.constant("text" as const),
      text: brokenText,
      type: contentType,
    });
    // Several times, because bodies have the most that can be wrong.
    const bodies = fc.oneof(made, broken).map((body) => ({ body }));
    faults.push(bodies, bodies, bodies, bodies);
  }
  return faults;
}

function isForOperators({ operation }: DescribedOperation): boolean {
  return operation.security.some((scheme) => "operator" in scheme);
}

export function isIdPlace(value: unknown): value is IdPlace {
  return typeof value === "object" && value !== null && "$id" in value && "pick" in value;
}
