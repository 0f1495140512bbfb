/** Files that are bundled as their text. */
declare module "*.html.txt" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a bundler gives a text that name.
  export default text;
}
declare module "*.css" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a bundler gives a text that name.
  export default text;
}
declare module "*/search.js" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: a bundler gives a text that name.
  export default text;
}
