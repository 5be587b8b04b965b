// Tests of suites (selftests/*/*.test.ts): the harness runs them against a booted guest.
export default {
  files: ["selftests/**/*.test.ts"],
  typescript: {
    rewritePaths: { "selftests/": "build/selftests/", "harness/": "build/harness/" },
    compile: false,
  },
  serial: true,
  // The harness has a bound of its own, scaled for the guest.
  timeout: "20m",
};
