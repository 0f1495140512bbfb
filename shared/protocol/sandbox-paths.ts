/** Places inside a sandbox that more than its runner must know. */

/** Where programs are found that no layer has brought. */
export const sandboxPath = "/opt/paddock/bin:/usr/local/bin:/usr/bin:/bin";

/** Where an environment's layer lies: writable while it is built, read-only afterwards. */
export const layerFolder = "/opt/environment";
