/** Each name is exported by the module that declares it, so that there is one place to import. */
import { type Finding, isNode, nameOf, type SourceFile, type SyntaxNode } from "./source-file.ts";

const message = (name: string) => `exports ${name}, which it imports: import it where it is made`;

/** Exports that only pass on what the module imported from another one of the repository. */
export function findDisguisedExports({ path, body, lineOf }: SourceFile): Finding[] {
  const statements = nodesOf(body.body);
  const imported = new Set(statements.flatMap(importedNames));
  return statements.flatMap((statement) =>
    passedOn(statement)
      .filter((name) => imported.has(name))
      .map((name) => ({ path, line: lineOf(statement.start), message: message(name) })),
  );
}

/** A package's types may get a name of ours: that is what keeps the package in one place. */
function importedNames(statement: SyntaxNode): string[] {
  if (statement.type !== "ImportDeclaration" || !isNode(statement.source)) return [];
  if (!/^[.#]/.test(String(statement.source.value))) return [];
  return nodesOf(statement.specifiers).flatMap(({ local }) => nameOf(local) ?? []);
}

function passedOn(statement: SyntaxNode): string[] {
  if (statement.type !== "ExportNamedDeclaration") return [];
  const { declaration, specifiers } = statement;
  if (!isNode(declaration)) return nodesOf(specifiers).flatMap(({ local }) => nameOf(local) ?? []);
  switch (declaration.type) {
    case "VariableDeclaration":
      return nodesOf(declaration.declarations).flatMap(({ init }) => nameOf(init) ?? []);
    case "TSTypeAliasDeclaration":
      return aliased(declaration.typeAnnotation);
    default:
      return [];
  }
}

function aliased(type: unknown): string[] {
  if (!isNode(type) || type.type !== "TSTypeReference" || isNode(type.typeArguments)) return [];
  return [nameOf(type.typeName) ?? []].flat();
}

function nodesOf(list: unknown): SyntaxNode[] {
  return Array.isArray(list) ? list.filter(isNode) : [];
}
