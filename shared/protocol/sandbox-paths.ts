/** Places inside a sandbox that more than its runner must know. */

/** Where pip and npm install programs during an execution; deleted when it ends. */
export const ownPrograms = "/tmp/.local";

/** Where programs are found that no layer has brought. */
export const sandboxPath = `${ownPrograms}/bin:/opt/paddock/bin:/usr/local/bin:/usr/bin:/bin`;

/** Where an environment's layer lies: writable while it is built, read-only afterwards. */
export const layerFolder = "/opt/environment";
