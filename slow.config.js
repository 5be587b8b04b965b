import e2e from "./e2e.config.js";

// What takes longer than a change of the project should wait for: `npm run test:slow`.
export default { ...e2e, files: ["harness/e2e/*.slow.ts"] };
