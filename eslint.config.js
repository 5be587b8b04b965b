import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["build/", "coverage/", "results/", "*.config.js", ".dependency-cruiser.cjs"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreUsingDeclarations: true, argsIgnorePattern: "^_" },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // Methods of an interface may be async in one implementation only.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      // An alias reads better than an interface for unions' members; both are used on purpose.
      "@typescript-eslint/consistent-type-definitions": "off",
    },
  },
  {
    // Plain JavaScript: no types to check with, and Node's globals are not declared.
    files: ["setup/**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      parserOptions: { projectService: false },
      globals: { process: "readonly", setInterval: "readonly", clearInterval: "readonly" },
    },
  },
);
