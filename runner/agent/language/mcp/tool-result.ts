/** What an MCP server's tool returns, as the model reads it. */

import type { LanguageTools } from "../../model.ts";
import type { ImagePart, TextPart } from "../conversation.ts";
import { redactedShortened, redactedStart } from "../redacted-text.ts";
import type { ToolContext, ToolOutcome } from "../tools/tool.ts";
import { listAt, textAt } from "../wires/wire.ts";

/** As for images that the tool `view` shows. */
const imageBase64Max = 5 * 1024 * 1024;
const imagesMax = 4;
type Redactors = Pick<LanguageTools, "redactor">;

const mediaTypes = ["image/png", "image/jpeg"] as const;

/** @param result A stranger's; only what has the form of text or an image is read. */
export function outcomeOfResult(
  result: unknown,
  { canSee, redactor }: Pick<ToolContext, "canSee"> & Redactors,
): ToolOutcome {
  const blocks = listAt(result, "content");
  const said: string[] = [];
  const images: ImagePart[] = [];
  for (const block of blocks) {
    const image = imageOf(block);
    if (image !== null && canSee && images.length < imagesMax) images.push(image);
    else said.push(`${textOf(block, { redactor })}\n`);
  }
  const structured = Object(result).structuredContent;
  if (blocks.length === 0 && structured !== undefined) said.push(JSON.stringify(structured));
  const text = redactedShortened(said.join(""), { redactor }).trim();
  const isError = Object(result).isError === true;
  const content: (TextPart | ImagePart)[] = [
    { type: "text", text: text === "" ? "(no output)" : text },
    ...images,
  ];
  return { content, isError, summary: isError ? "the server reports an error" : "answered" };
}

function imageOf(block: unknown): ImagePart | null {
  const mediaType = mediaTypes.find((one) => one === textAt(block, "mimeType"));
  const base64 = textAt(block, "data");
  if (textAt(block, "type") !== "image" || mediaType === undefined) return null;
  if (base64.length > imageBase64Max || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return null;
  return { type: "image", mediaType, base64 };
}

function textOf(block: unknown, redactors: Redactors): string {
  switch (textAt(block, "type")) {
    case "text":
      return textAt(block, "text");
    case "resource":
      return (
        textAt(block, "resource", "text") || `[a resource: ${textAt(block, "resource", "uri")}]`
      );
    case "resource_link":
      return `[a resource: ${textAt(block, "uri")}]`;
    default:
      return `[content that can't be shown: ${redactedStart(textAt(block, "type"), 50, redactors)}]`;
  }
}
