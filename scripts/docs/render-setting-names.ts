/** The names that `limits` and `models` may have, for Terraform to hold settings against. */
import * as z from "zod";
import { DeploymentLimits } from "#shared/core/limits/deployment-limits";
import { DeploymentModels } from "#shared/core/models/deployment-models";

interface Node {
  readonly properties?: Readonly<Record<string, Node>> | undefined;
  readonly additionalProperties?: Node | boolean | undefined;
  readonly anyOf?: readonly Node[] | undefined;
}
const Node: z.ZodType<Node> = z.looseObject({
  get properties() {
    return z.record(z.string(), Node).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), Node]).optional();
  },
  get anyOf() {
    return z.array(Node).optional();
  },
});

/** `terraform/setting-names.json`. */
export function renderSettingNames(): string {
  const names = { limits: namesIn(DeploymentLimits), models: namesIn(DeploymentModels) };
  return `${JSON.stringify(names, null, 2)}\n`;
}

/** Every name with those above it, such as `requests.perKey.max`; `*` is a name of one's own. */
function namesIn(schema: z.ZodType): string[] {
  const described = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return [...new Set(below(Node.parse(described)))].sort();
}

function below({ properties = {}, additionalProperties: others, anyOf = [] }: Node): string[] {
  const named = Object.entries(
    typeof others === "object" ? { ...properties, "*": others } : properties,
  );
  const own = named.flatMap(([name, node]) => [
    name,
    ...below(node).map((rest) => `${name}.${rest}`),
  ]);
  return [...own, ...anyOf.flatMap(below)];
}
