/** Parts of the public API's environments that these don't have. */
import { notOffered } from "#shared/pipeline/not-offered";

const screens = "A screen to look at isn't";

export const partsNotOffered = [
  notOffered("GET /v1/environments/:environmentId/gui/*", screens),
  notOffered("POST /v1/environments/:environmentId/gui/*", screens),
  notOffered("POST /v1/environments/:environmentId/github/prepare", "A connection to GitHub isn't"),
];
