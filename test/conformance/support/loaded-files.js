// What the page loaded, itself included.
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map(
  ({ name, decodedBodySize }) => ({ path: new URL(name).pathname, bytes: decodedBodySize }),
);
