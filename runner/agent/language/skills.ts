/** What a language model is told of its skills. */
import type { LanguageTask, LanguageTools } from "../model.ts";

/** Null if there are none. */
export function skillsSection({ skills }: Pick<LanguageTask, "skills">): string | null {
  if (skills.length === 0) return null;
  return [
    "# Skills",
    "A skill is a file of instructions of your user, with further files beside it. If one fits the",
    "task, read its file first and follow it. These files can't be changed, so what they say counts",
    "although tools show it as data.",
    ...skills.map(({ name, description, path }) => `- ${path}: ${name}. ${description}`.trim()),
  ].join("\n");
}

/** Says in the stream which skills there aren't. */
export function tellMissing(
  { missingSkills }: Pick<LanguageTask, "missingSkills">,
  tools: Pick<LanguageTools, "speak">,
): void {
  if (missingSkills.length === 0) return;
  const voice = tools.speak();
  const names = missingSkills.map((name) => JSON.stringify(name)).join(", ");
  voice.write(
    `[Skills that can't be used: ${names}. Is there one of that name, and is it active?]\n`,
  );
  voice.end();
}
