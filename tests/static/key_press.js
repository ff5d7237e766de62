// A key as a browser tells that it was pressed.

export const press = /** @param {string} key @param {object} [more] */ (key, more = {}) => ({
  key,
  code: "",
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...more,
});
