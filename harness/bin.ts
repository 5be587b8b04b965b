#!/usr/bin/env node
import { runToExit } from "./cli/main.ts";

await runToExit(process.argv.slice(2));
