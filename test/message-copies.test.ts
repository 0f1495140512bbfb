/** Each stored text is either no message and no answer, or it is known who clears it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { tablesIn } from "../scripts/docs/render-indexes.ts";
import { repositoryRoot } from "../scripts/tools/repository.ts";
import { otherTexts, said } from "./kit/stored-texts.ts";

/** Ids and digests hold nobody's words. */
const isWordless = (path: string) => /(^|\.)(id|\w+Ids?(\[\])?|\w*[sS]ha256)$/.test(path);

type Json = z.core.JSONSchema._JSONSchema;

/** The paths of fields that hold any text: neither our own words nor what a pattern bounds. */
function textsIn(schema: Json, path = ""): readonly string[] {
  if (typeof schema === "boolean") return schema ? [path] : [];
  const { properties, items, prefixItems, additionalProperties, anyOf, oneOf, allOf } = schema;
  const inner = [
    ...Object.entries(properties ?? {}).flatMap(([name, one]) =>
      textsIn(one, path === "" ? name : `${path}.${name}`),
    ),
    ...[items ?? [], prefixItems ?? []].flat().flatMap((one) => textsIn(one, `${path}[]`)),
    ...(typeof additionalProperties === "object" ? textsIn(additionalProperties, `${path}{}`) : []),
    ...[anyOf, oneOf, allOf].flatMap((all) => all ?? []).flatMap((one) => textsIn(one, path)),
  ];
  const isText =
    [schema.type].flat().includes("string") && !("enum" in schema || "const" in schema);
  const isAnything = Object.keys(schema).every((key) => key === "default" || key === "$schema");
  return isAnything || (isText && schema.pattern === undefined) ? [path] : inner;
}

const tables = await tablesIn(join(repositoryRoot, "shared", "store"));
const stored = tables.flatMap(({ pattern, schema }) => {
  const json = z.toJSONSchema(schema, { unrepresentable: "any" });
  return textsIn(json).map((path) => ({ pattern, path }));
});
/** Expiry dates have no form in JSON. */
const texts = stored
  .filter(({ path }) => path !== "expireAt" && !isWordless(path))
  .map(({ pattern, path }) => `${pattern} ${path}`);

test("DAT-3 every text that is stored is listed, with who clears it if it was said", () => {
  const others = Object.entries(otherTexts).flatMap(([pattern, paths]) =>
    paths.map((path) => `${pattern} ${path}`),
  );
  const listed = [...Object.keys(said), ...others];
  expect([...new Set(texts)].toSorted()).toEqual(listed.toSorted());
});

test("who clears it is there", () => {
  const files = Object.values(said).flatMap(({ by }) => by);
  expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
});
