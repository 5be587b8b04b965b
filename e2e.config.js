export default {
  files: ["harness/e2e/*.e2e.ts"],
  typescript: { rewritePaths: { "harness/": "build/harness/" }, compile: false },
  // Real kernels: one test at a time, and a cold cache takes a while.
  concurrency: 1,
  timeout: "50m",
};
