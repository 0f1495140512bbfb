import { type FunctionList, type ListedRoute, listFunctions } from "../build/function-list.ts";
import { code, generatedNotice, table } from "./markdown.ts";

/** `docs/routes.md`: what every function answers, and to whom. */
export async function renderRoutes(root: string): Promise<string> {
  const { functions } = await listFunctions(root);
  const routes = Object.values(functions).flatMap((listed) => listed.routes);
  return [
    "# Routes",
    "",
    generatedNotice("the routes that functions/ declares"),
    "",
    `${routes.length} routes in ${Object.keys(functions).length} functions. A path under \`/v1\` is`,
    "answered without that prefix as well. Internal functions can't be reached from outside.",
    "What a request counts as is explained in [limits.md](limits.md). Scopes in brackets are needed",
    "for some bodies, too, as [keys.md](keys.md#what-is-behind-which-scope) says.",
    "",
    ...Object.entries(functions).flatMap(([name, listed]) => renderFunction(name, listed)),
  ].join("\n");
}

function renderFunction(name: string, listed: FunctionList["functions"][string]): string[] {
  const { summary, visibility, routes, roles } = listed;
  const may = roles.length === 0 ? "nothing" : roles.map(code).join(", ");
  return [
    `## ${name}${visibility === "internal" ? " (internal)" : ""}`,
    "",
    `${summary.replace(/\.$/, "")}. May use: ${may}.`,
    "",
    ...table(
      ["route", "caller", "scope", "counts as", "body", "what it does"],
      routes.map(renderRoute),
    ),
    "",
  ];
}

function renderRoute(route: ListedRoute): string[] {
  const { method, path, authenticate, limits, bodyBytesMax, streams, summary } = route;
  return [
    code(`${method} ${path}`),
    authenticate,
    scopesOf(route),
    limits ?? "",
    bodyBytesMax === 0 ? "" : `≤ ${formatBinary(bodyBytesMax)}`,
    streams ? `${summary} Streams.` : summary,
  ];
}

/** The scope, and in brackets those that some bodies need, too. */
function scopesOf({ scope, needsToo }: ListedRoute): string {
  if (scope === null) return "";
  const further = (needsToo?.scopes ?? []).map(code).join(", ");
  if (further === "") return code(scope);
  return needsToo?.always ? `${code(scope)}, ${further}` : `${code(scope)} (${further})`;
}

/** 262,144 → "256 KiB": limits are powers of two. */
function formatBinary(bytes: number): string {
  const mebibytes = bytes / 1024 / 1024;
  return mebibytes >= 1 ? `${mebibytes} MiB` : `${bytes / 1024} KiB`;
}
