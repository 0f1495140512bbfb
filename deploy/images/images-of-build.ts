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
 * The images that a finished build has pushed, as digest references, which always name the same
 * image.
 *
 * @throws {Error} If the build failed or pushed no image of one of the names; the message is one
 * sentence.
 */
export function imagesOfBuild(build: unknown): Images {
  const parsed = Build.safeParse(build);
  if (!parsed.success) throw new Error("The input isn't a build as Cloud Build describes it.");
  const { status, results, logUrl } = parsed.data;
  if (status !== "SUCCESS") {
    const where = logUrl === undefined ? "" : ` Its log: ${logUrl}`;
    throw new Error(`The build of the images ended with ${status}.${where}`);
  }
  const reference = (image: (typeof imageNames)[number]) => {
    const found = results?.images.find(({ name }) => nameWithoutTag(name).endsWith(`/${image}`));
    if (found === undefined || !digestForm.test(found.digest)) {
      throw new Error(`The build didn't push the image "${image}", or gave no digest for it.`);
    }
    return `${nameWithoutTag(found.name)}@${found.digest}`;
  };
  return { functions: reference("functions"), runner: reference("runner") };
}

/** Removes the tag, which follows the last colon; a colon before a slash precedes a port. */
function nameWithoutTag(name: string): string {
  return name.replace(/:[^:/]+$/, "");
}
