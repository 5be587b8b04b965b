import { z } from "zod";

/*
 * KernelCI's report format, version 5.3, as kcidb-io checks it: what an object may have, must have
 * and how it is spelt. Written from the description in kcidb_io/schema/v05_03.py.
 */

const origin = z.string().regex(/^[a-z0-9_]+$/);
// NUL is the one character that strings may not have.
const id = z.string().regex(/^[a-z0-9_]+:[^\0]*$/);
const text = z.string().regex(/^[^\0]*$/);
const excerpt = text.max(16384);
const time = z.iso.datetime({ offset: true });
const url = z.url();
const misc = z.record(z.string(), z.unknown());
const path = z.string().regex(/^([a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*)?$/);
const status = z.enum(["FAIL", "ERROR", "MISS", "PASS", "DONE", "SKIP"]);
const version = z.int().min(0);
const culprit = z.strictObject({
  code: z.boolean().optional(),
  tool: z.boolean().optional(),
  harness: z.boolean().optional(),
});

const checkout = z.strictObject({
  id,
  origin,
  comment: text.optional(),
  git_commit_hash: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  patchset_hash: z
    .string()
    .regex(/^$|^[0-9a-f]{64}$/)
    .optional(),
  message_id: z.email().optional(),
  start_time: time.optional(),
  log_url: url.optional(),
  log_excerpt: excerpt.optional(),
  valid: z.boolean().optional(),
  misc: misc.optional(),
});

const build = z.strictObject({
  id,
  origin,
  checkout_id: id,
  comment: text.optional(),
  start_time: time.optional(),
  duration: z.number().optional(),
  architecture: z
    .string()
    .regex(/^[a-z0-9_]*$/)
    .optional(),
  command: text.optional(),
  compiler: text.optional(),
  config_name: text.optional(),
  config_url: url.optional(),
  log_url: url.optional(),
  log_excerpt: excerpt.optional(),
  status: status.optional(),
  misc: misc.optional(),
});

const run = z.strictObject({
  id,
  origin,
  build_id: id,
  environment: z.strictObject({ comment: text.optional(), misc: misc.optional() }).optional(),
  path: path.optional(),
  comment: text.optional(),
  log_url: url.optional(),
  log_excerpt: excerpt.optional(),
  status: status.optional(),
  start_time: time.optional(),
  duration: z.number().optional(),
  misc: misc.optional(),
});

const issue = z.strictObject({
  id,
  origin,
  version,
  categories: z.array(path).optional(),
  report_url: url.optional(),
  report_subject: text.optional(),
  culprit: culprit.optional(),
  comment: text.optional(),
  misc: misc.optional(),
});

const incident = z.strictObject({
  id,
  origin,
  issue_id: id,
  issue_version: version,
  build_id: id.optional(),
  test_id: id.optional(),
  present: z.boolean().optional(),
  comment: text.optional(),
  misc: misc.optional(),
});

export const kcidbSchema = z.strictObject({
  version: z.strictObject({ major: z.literal(5), minor: z.int().min(0).max(3).optional() }),
  checkouts: z.array(checkout).optional(),
  builds: z.array(build).optional(),
  tests: z.array(run).optional(),
  issues: z.array(issue).optional(),
  incidents: z.array(incident).optional(),
});
