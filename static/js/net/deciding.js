// Requests that decide something: each goes with what stood on the screen.
/** @import { CommandView } from "../state/command_view.js" */
/** @import { Advice, Alert } from "../state/shapes" */

/** @param {(method: string, path: string, body?: object) => Promise<any>} call */
export function deciding(call) {
  /** Where the server takes no such view it has decided nothing: asked again without, a decision is never lost for it. @param {string} path @param {{ view?: CommandView | undefined }} body */
  async function decide(path, body) {
    try {
      return await call("POST", path, body);
    } catch (error) {
      if (/** @type {{ kind?: string }} */ (error).kind !== "bad-view") throw error;
      return call("POST", path, { ...body, view: undefined });
    }
  }
  const id = encodeURIComponent;
  return {
    /** @param {string} alert @param {CommandView} [view] @returns {Promise<Alert>} */
    acknowledge: (alert, view) => decide(`/api/alerts/${id(alert)}/acknowledge`, { view }),
    /** @param {string} alert @param {CommandView} [view] @returns {Promise<Alert>} */
    resolve: (alert, view) => decide(`/api/alerts/${id(alert)}/resolve`, { view }),
    /** @param {string} alert @param {CommandView} [view] @returns {Promise<Alert>} */
    markFalse: (alert, view) => decide(`/api/alerts/${id(alert)}/false`, { view }),
    /** @param {{ device_id: string, text: string, client_id: string, view?: CommandView | undefined }} message @returns {Promise<Advice>} */
    advise: (message) => decide("/api/advice", message),
  };
}
