/** A planned URL map, evaluated by the rules that Google documents. */
import * as z from "zod";

const Match = z.object({
  full_path_match: z.string().nullish(),
  path_template_match: z.string().nullish(),
  prefix_match: z.string().nullish(),
});
type Match = z.infer<typeof Match>;

const UrlMap = z.object({
  default_service: z.string(),
  host_rule: z.array(z.object({ hosts: z.array(z.string()), path_matcher: z.string() })),
  path_matcher: z.array(
    z.object({
      name: z.string(),
      default_service: z.string(),
      // A path matcher can't have both path rules and route rules.
      path_rule: z.array(z.never()),
      route_rules: z.array(
        z.object({
          priority: z.int(),
          service: z.string(),
          match_rules: z.array(Match).min(1),
        }),
      ),
    }),
  ),
});

/** The name of the backend service that a host and a path lead to. */
export type Router = (host: string, path: string) => string;

/** @throws for a URL map that Google would refuse */
export function routerOf(values: unknown): Router {
  const map = UrlMap.parse(values);
  for (const { route_rules: rules } of map.path_matcher) checkRules(rules);
  return (host, path) => {
    const hostRule = map.host_rule.find(({ hosts }) => hosts.includes(host));
    const matcher = map.path_matcher.find(({ name }) => name === hostRule?.path_matcher);
    if (matcher === undefined) return nameOf(map.default_service);
    const rules = matcher.route_rules.toSorted((a, b) => a.priority - b.priority);
    const rule = rules.find(({ match_rules: matches }) =>
      matches.some((match) => isMatch(match, path)),
    );
    return nameOf(rule?.service ?? matcher.default_service);
  };
}

function checkRules(rules: z.infer<typeof UrlMap>["path_matcher"][number]["route_rules"]): void {
  const priorities = new Set(rules.map(({ priority }) => priority));
  if (priorities.size !== rules.length) throw new Error("two rules have one priority");
  for (const match of rules.flatMap(({ match_rules: matches }) => matches)) {
    const stated = Object.values(match).filter((value) => typeof value === "string");
    if (stated.length !== 1) throw new Error(`one way to match, not ${JSON.stringify(match)}`);
    const template = match.path_template_match ?? "";
    if ((template.match(/\*+/g) ?? []).length > 5) throw new Error(`too many in ${template}`);
    if (/\*\*./.test(template)) throw new Error(`nothing may follow ** in ${template}`);
  }
}

function isMatch(match: Match, path: string): boolean {
  const { full_path_match: full, path_template_match: template, prefix_match: prefix } = match;
  if (typeof full === "string") return path === full;
  if (typeof prefix === "string") return path.startsWith(prefix);
  return typeof template === "string" && patternOf(template).test(path);
}

/** `*` is one part of a path; `**` at the end is the rest of it. */
function patternOf(template: string): RegExp {
  const parts = template.split("/").map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]+" : part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("/")}$`);
}

function nameOf(service: string): string {
  return service.split("/").at(-1) ?? "";
}
