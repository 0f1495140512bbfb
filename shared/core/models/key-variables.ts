/** The variables from which a laptop's cloud reads providers' keys, as their own clients do. */
export const keyVariables: Readonly<Record<"anthropic" | "openai" | "google", string>> = {
  anthropic: "ANTHROPIC_API_KEY",
  openai: "OPENAI_API_KEY",
  google: "GEMINI_API_KEY",
};
