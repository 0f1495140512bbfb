import { describe, expect, test } from "vitest";
import { imagesOfBuild } from "./images-of-build.ts";

const registry = "us-central1-docker.pkg.dev/project/paddock";
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

function build(images: readonly { name: string; digest: string }[], status = "SUCCESS") {
  return { id: "b-1", status, results: { images, buildStepImages: [""] } };
}
const pushed = [
  { name: `${registry}/functions:b-1`, digest: digest("a") },
  { name: `${registry}/runner:b-1`, digest: digest("b") },
];

describe("imagesOfBuild()", () => {
  test("names what was pushed by digest alone", () => {
    expect(imagesOfBuild(build(pushed))).toEqual({
      functions: `${registry}/functions@${digest("a")}`,
      runner: `${registry}/runner@${digest("b")}`,
    });
  });

  test("takes a registry's port for no tag", () => {
    const local = pushed.map((image) => ({
      ...image,
      name: image.name.replace("dev/", "dev:80/"),
    }));
    expect(imagesOfBuild(build(local)).runner).toContain("dev:80/project/paddock/runner@");
  });

  test.each([
    ["an image that wasn't pushed", build(pushed.slice(1)), /push the image "functions"/],
    ["a digest that is none", build([{ ...pushed[0], digest: "" }] as typeof pushed), /functions/],
    ["a build that failed", build(pushed, "FAILURE"), /ended with FAILURE/],
    ["something else", [], /isn't a build/],
  ])("refuses %s", (_what, given, message) => {
    expect(() => imagesOfBuild(given)).toThrow(message);
  });
});
