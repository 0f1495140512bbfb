/** Replaces gcloud: a build that succeeds, and whose images the fake Google then has. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.env.STAND_IN_FOLDER ?? "";
const words = process.argv.slice(2);
appendFileSync(join(folder, "calls"), `gcloud ${words.join(" ")}\n`);
if (words[0] === "builds") {
  const asked = `${process.env.PADDOCK_DEPLOY_GOOGLE_ENDPOINT}/stand-in.test/build`;
  const { error } = await (await fetch(asked, { method: "POST" })).json();
  if (error !== null) {
    console.error(error);
    process.exit(1);
  }
  const substitutions = words.find((word) => word.startsWith("--substitutions=")) ?? "";
  const value = (name) => new RegExp(`${name}=([^,]+)`).exec(substitutions)?.[1];
  const images = ["functions", "runner"].map((name, index) => ({
    name: `${value("_REGISTRY")}/${name}:${value("_TAG")}`,
    digest: `sha256:${`${index}`.repeat(64)}`,
  }));
  const at = `${process.env.PADDOCK_DEPLOY_GOOGLE_ENDPOINT}/artifactregistry.googleapis.com`;
  for (const [index, name] of ["functions", "runner"].entries()) {
    const body = JSON.stringify({ tag: value("_TAG"), version: images[index]?.digest });
    await fetch(`${at}/v1/packages/${name}/tags`, { method: "POST", body });
  }
  console.log(JSON.stringify({ status: "SUCCESS", results: { images } }));
}
