// Imports run one way (docs/architecture.md): cli -> pipeline -> stages -> ground -> model; no cycles, types included.
const within = (...names) => `^harness/(${names.join("|")})(\\.ts$|\\.test\\.ts$|/)`;
const stages = [
  "source",
  "series",
  "kernel",
  "libc",
  "image",
  "vm",
  "suite",
  "syscalls",
  "tracer",
  "doctor",
  "history",
];
const ground = [
  "arch",
  "kconfig",
  "ktap",
  "splat",
  "disk",
  "exec",
  "sandbox",
  "store",
  "cache",
  "fingerprint",
  "paths",
  "quirks",
  "version",
  "known-failures",
];
module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "model-stands-alone",
      severity: "error",
      from: { path: within("model"), pathNot: "\\.test\\.ts$" },
      to: { path: "^harness/", pathNot: within("model") },
    },
    {
      name: "ground-imports-only-ground-and-model",
      severity: "error",
      from: { path: within(...ground), pathNot: "\\.test\\.ts$" },
      to: { path: "^harness/", pathNot: within(...ground, "model") },
    },
    {
      name: "stages-do-not-import-upwards",
      severity: "error",
      from: { path: within(...stages), pathNot: "\\.test\\.ts$" },
      to: { path: within("cli", "pipeline", "schedule", "report", "bin") },
    },
    {
      name: "report-reads-model-only",
      severity: "error",
      from: { path: within("report"), pathNot: "\\.test\\.ts$" },
      to: { path: "^harness/", pathNot: within("report", "model") },
    },
    {
      name: "pipeline-never-reports",
      severity: "error",
      from: { path: within("pipeline", "schedule") },
      to: { path: within("report", "cli") },
    },
    {
      name: "arch-descriptors-are-inert",
      severity: "error",
      from: { path: "^harness/arch/" },
      to: { pathNot: "^harness/arch\\.ts$" },
    },
    {
      name: "execa-has-one-caller",
      severity: "error",
      from: { pathNot: "^harness/(exec|sandbox)\\.ts$|\\.test\\.ts$|^harness/testing/" },
      to: { path: "^node_modules/execa|^execa$" },
    },
    {
      name: "tests-are-not-imported",
      severity: "error",
      from: { pathNot: "\\.(test|e2e|slow)\\.ts$|^harness/(testing|bench)/" },
      to: { path: "^harness/testing/|\\.test\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
