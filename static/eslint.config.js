// What no console module may do. Run from the repository's root, so that the tests are read by the same rules.
import js from "@eslint/js";
import globals from "globals";

const strict = {
  eqeqeq: "error",
  "no-console": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-param-reassign": ["error", { props: false }],
  "no-promise-executor-return": "error",
  "no-shadow": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "no-var": "error",
  "prefer-const": "error",
  "max-depth": ["error", 3],
  "max-lines": ["error", { max: 200 }],
  "no-restricted-syntax": [
    "error",
    {
      selector: "AssignmentExpression[left.object.name=/^(window|globalThis|self)$/]",
      message: "No globals: export it from a module.",
    },
    {
      selector: "AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]",
      message: "Text from the field is never markup: use textContent and elements.",
    },
    {
      selector: "CallExpression[callee.property.name=/^(insertAdjacentHTML|setHTMLUnsafe)$/]",
      message: "Text from the field is never markup: use textContent and elements.",
    },
  ],
};

// net/ and state/ never touch the DOM, so that they can be tested without a browser.
const dom = ["document", "HTMLElement", "customElements", "Element", "Node", "DOMParser"];

export default [
  { ignores: ["**/node_modules/**"] },
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: { ecmaVersion: "latest", sourceType: "module", globals: globals.browser },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: strict,
  },
  {
    files: ["**/js/net/**/*.js", "**/js/state/**/*.js"],
    rules: { "no-restricted-globals": ["error", ...dom] },
  },
  {
    files: ["tests/static/**/*.js"],
    languageOptions: { globals: { ...globals.nodeBuiltin, ...globals.browser } },
    rules: { "max-lines": "off" },
  },
];
