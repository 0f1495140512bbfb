// The least contrast of a text that is shown, by WCAG 2.2, and the background of the page.
(() => {
  const partsOf = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = partsOf(colour).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const backgroundOf = (element) => {
    if (element === null) return "rgb(255, 255, 255)";
    const { backgroundColor } = getComputedStyle(element);
    const isOpaque = partsOf(backgroundColor)[3] !== 0;
    return isOpaque ? backgroundColor : backgroundOf(element.parentElement);
  };
  const shown = [...document.body.querySelectorAll("*")].filter((element) =>
    [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
    ),
  );
  const ratios = shown.map((element) => {
    const one = luminance(getComputedStyle(element).color);
    const other = luminance(backgroundOf(element));
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  });
  return { least: Math.min(...ratios), background: backgroundOf(document.body) };
})();
