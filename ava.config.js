export default {
  files: ["harness/**/*.test.ts"],
  typescript: { rewritePaths: { "harness/": "build/harness/" }, compile: false },
  timeout: "2m",
};
