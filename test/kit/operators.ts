/** Operators besides the cloud's first one. */
import { firstOperator } from "../../local/cloud/names.ts";
import { send } from "./client.ts";
import { operatorTokenFor } from "./cloud.ts";
import { firestore } from "./store.ts";

export interface Operator {
  readonly email: string;
  readonly token: string;
}

/** An operator that another one made: the first one, unless a token says which. */
export async function newOperator(name: string, key?: string): Promise<Operator> {
  const email = `${name}.${Math.random().toString(36).slice(2)}@example.com`;
  const maker = key ?? (await operatorTokenFor(firstOperator));
  const made = await send("/v1/admin/operators", { key: maker, body: { email } });
  if (made.status !== 201) throw new Error(`no operator was made: ${made.status}`);
  return { email, token: await operatorTokenFor(email) };
}

export async function vouchFor(key: string, { email }: Operator) {
  return await send("/v1/admin/operators/vouch", { key, body: { email } });
}

/** One whom the deployment named, as it does when its setting names another person. */
export async function namedOperator(): Promise<Operator> {
  const operator = await newOperator("named");
  const { docs } = await firestore()
    .collection("operators")
    .where("email", "==", operator.email)
    .get();
  await docs[0]?.ref.update({ createdBy: "deployment" });
  return operator;
}
