import * as z from "zod";

/** Names of the images, in repositories and in Terraform's `images`. */
export const imageNames = ["functions", "runner"] as const;
type Images = Readonly<Record<(typeof imageNames)[number], string>>;

/** A build of Cloud Build, as `gcloud builds describe --format=json` prints it. */
const Build = z.object({
  status: z.string(),
  logUrl: z.string().optional(),
  results: z
    .object({ images: z.array(z.object({ name: z.string(), digest: z.string() })).default([]) })
    .optional(),
});

const digestForm = /^sha256:[0-9a-f]{64}$/;

/**
 * The images that a finished build has pushed, as references by digest, whose meaning can't change.
 *
 * @throws {Error} One sentence, if it isn't a build that succeeded and pushed each of them.
 */
export function imagesOfBuild(build: unknown): Images {
  const parsed = Build.safeParse(build);
  if (!parsed.success) throw new Error("That isn't a description of a build by Cloud Build.");
  const { status, results, logUrl } = parsed.data;
  if (status !== "SUCCESS") {
    const where = logUrl === undefined ? "" : ` Its log: ${logUrl}`;
    throw new Error(`The build of the images ended with ${status}.${where}`);
  }
  const reference = (image: (typeof imageNames)[number]) => {
    const found = results?.images.find(({ name }) => nameWithoutTag(name).endsWith(`/${image}`));
    if (found === undefined || !digestForm.test(found.digest)) {
      throw new Error(`The build has pushed no image "${image}" with a digest.`);
    }
    return `${nameWithoutTag(found.name)}@${found.digest}`;
  };
  return { functions: reference("functions"), runner: reference("runner") };
}

/** The tag follows the last colon, unless that belongs to a registry's port. */
function nameWithoutTag(name: string): string {
  return name.replace(/:[^:/]+$/, "");
}
